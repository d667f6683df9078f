import { startPostgres } from '../engines/postgres.ts';
import { prepareTemplate } from './test-database.ts';

/** One PostgreSQL server for the files of the project `postgres`. */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env.RONDO_TEST_POSTGRES = server.url.href;
  await prepareTemplate(server.url);
  return () => Promise.resolve(server[Symbol.asyncDispose]());
}
