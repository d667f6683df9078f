import { afterAll, beforeAll, describe } from 'vitest';
import { missing } from '../engines/engine.ts';
import { postgresEngine, startPostgres, type RunningPostgres } from '../engines/postgres.ts';
import { prepareTemplate } from './test-database.ts';

/** Defines the tests of a file twice: their contexts, and those of the processes they start, on SQLite and on PostgreSQL. */
export function onBothEngines(define: () => void): void {
  describe('on SQLite', () => {
    define();
  });
  const reason =
    process.env.RONDO_TEST_POSTGRES_URL === undefined ? missing(postgresEngine) : undefined;
  describe.skipIf(reason !== undefined)(`on PostgreSQL${reason ? ` (${reason})` : ''}`, () => {
    let server: RunningPostgres;
    beforeAll(async () => {
      server = await startPostgres();
      process.env.RONDO_TEST_POSTGRES = server.url.href;
      process.env.RONDO_TEST_DATABASE = 'postgres';
      await prepareTemplate(server.url);
    });
    afterAll(async () => {
      delete process.env.RONDO_TEST_DATABASE;
      delete process.env.RONDO_TEST_POSTGRES;
      await server[Symbol.asyncDispose]();
    });
    define();
  });
}
