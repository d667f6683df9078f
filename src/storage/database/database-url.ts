import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../../base/app-error.ts';

/** The URL of the database: the one given, or the file in the data directory. Throws USAGE without repeating a password. */
export function databaseUrl(given: string | undefined, dataDir: string): URL {
  if (given === undefined) {
    return new URL(`sqlite:${pathToFileURL(join(dataDir, 'rondo.db')).href.slice('file:'.length)}`);
  }
  const url = URL.parse(given);
  if (url) return url;
  throw new AppError('USAGE', 'The database given by --database or RONDO_DATABASE is not a URL.', {
    help: 'It looks like postgres://USER:PASSWORD@HOST:5432/DATABASE, special characters percent-encoded.',
  });
}
