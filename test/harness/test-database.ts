import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '../../src/storage/database/database.ts';
import { createPostgresDatabase, dropPostgresDatabase, executeOn } from '../engines/postgres.ts';

/** Which engine the tests' databases come from: RONDO_TEST_DATABASE, SQLite unless set. */
export function testsOnPostgres(): boolean {
  return process.env.RONDO_TEST_DATABASE === 'postgres';
}

/** A database that the migrations were applied to; others are copies of it. */
const TEMPLATE = 'rondo_template';

export type TestDatabase = { url: URL; remove(): Promise<void> };

/**
 * A database for one test context: a file in its data directory, or one of the PostgreSQL server at
 * RONDO_TEST_POSTGRES. With `again` the same folder gives the same database each time, and it is kept; with `empty` it
 * has no tables yet.
 */
export async function testDatabase(
  root: string,
  options: { again?: boolean; empty?: boolean } = {},
): Promise<TestDatabase> {
  if (!testsOnPostgres()) {
    const path = pathToFileURL(join(root, 'rondo.db')).href.slice('file:'.length);
    return { url: new URL(`sqlite:${path}`), remove: () => Promise.resolve() };
  }
  const server = postgresServer();
  if (options.again === true) {
    const name = `rondo_${createHash('sha256').update(root).digest('hex').slice(0, 24)}`;
    const url = await createPostgresDatabase(server, { name, template: TEMPLATE }).catch(
      (error: unknown) => {
        const { code } = error as { code?: string };
        // It is there already, or another process is making it this moment.
        if (code !== '42P04' && code !== '23505') throw error;
        const found = new URL(server);
        found.pathname = `/${name}`;
        return found;
      },
    );
    return { url, remove: () => Promise.resolve() };
  }
  const url = await createPostgresDatabase(server, {
    name: `rondo_${randomUUID().replaceAll('-', '')}`,
    ...(options.empty === true ? {} : { template: TEMPLATE }),
  });
  return { url, remove: () => dropPostgresDatabase(server, url) };
}

/** The server the tests of this run share. */
export function postgresServer(): URL {
  const url = process.env.RONDO_TEST_POSTGRES;
  if (url === undefined) throw new Error('RONDO_TEST_POSTGRES names no server');
  return new URL(url);
}

/** Makes the database that those of the tests are copied from. */
export async function prepareTemplate(server: URL): Promise<void> {
  await executeOn(server, `drop database if exists ${TEMPLATE} with (force)`);
  const { close } = await openDatabase(await createPostgresDatabase(server, { name: TEMPLATE }));
  await close();
}
