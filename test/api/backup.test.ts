import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VersionDetail } from '../../src/contract/delivery.ts';
import { openFileBlobStore } from '../../src/storage/blobs/file-blob-store.ts';
import { missing } from '../engines/engine.ts';
import {
  createPostgresDatabase,
  postgresEngine,
  startPostgres,
  type RunningPostgres,
} from '../engines/postgres.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const noPostgres =
  process.env.RONDO_TEST_POSTGRES_URL === undefined ? missing(postgresEngine) : undefined;
const PENGUIN = [
  'bill_length_mm=39',
  'bill_depth_mm=18',
  'flipper_length_mm=181',
  'body_mass_g=3750',
];

let dir = '';
let project = '';
let server: RunningPostgres | undefined;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rondo-backups-'));
  project = join(dir, 'shop');
  rondo('init', project);
  if (noPostgres === undefined) server = await startPostgres();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const rondo = (...words: string[]) =>
  spawnSync(process.execPath, [mainFile, ...words], { encoding: 'utf8', timeout: 60_000 });
const done = (...words: string[]): string => {
  const { status, stdout, stderr } = rondo(...words);
  expect([status, stderr.match(/^rondo: .*/m)], words.join(' ')).toEqual([0, null]);
  return stdout;
};
const serving = async (running: RunningRondo): Promise<void> => {
  await expect
    .poll(() => rondo('predict', 'penguin-sex', ...PENGUIN, '--url', running.url).stdout, {
      timeout: 60_000,
      interval: 300,
    })
    .toMatch(/prediction_/);
};
const champion = (running: RunningRondo): Promise<VersionDetail> =>
  running.api.get<VersionDetail>('/api/models/penguin-sex/versions/1');

/** The flags of a new place for data, with a PostgreSQL database where there is a server. */
async function place(name: string): Promise<string[]> {
  const flags = ['--data', join(dir, name)];
  if (!server) return flags;
  return [...flags, '--database', (await createPostgresDatabase(server.url)).href];
}

const other = noPostgres === undefined ? 'PostgreSQL' : `SQLite (${noPostgres})`;

test(`a running server on SQLite is backed up and restored into ${other}, which serves, audits, goes on, and is restored back`, async () => {
  const [first, second] = [join(dir, 'first.tar'), join(dir, 'second.tar')];
  const target = await place('second');
  let before: VersionDetail;
  {
    await using running = await startRondo({ dir: project, flags: ['--data', join(dir, 'first')] });
    done('run', 'train', '--url', running.url);
    await serving(running);
    before = await champion(running);
    // A run goes on while the backup is taken.
    const words = ['run', 'train', '--parameter', 'rounds=4000', '--url', running.url];
    const busy = spawn(process.execPath, [mainFile, ...words], { stdio: 'ignore' });
    const busyEnded = new Promise((resolve) => busy.on('exit', resolve));
    expect(done('backup', first, '--url', running.url)).toContain('blobs');
    expect(rondo('backup', first, '--url', running.url)).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('is there already') as string,
    });
    await busyEnded;
  }
  expect(statSync(first).mode & 0o077).toBe(0);
  const restored =
    /^Restored to .*: \d+ rows, \d+ blobs .*, all counted and hashed; the chain of \d+ events is intact\./;
  expect(done('restore', first, ...target)).toMatch(restored);
  expect(rondo('restore', first, ...target).status).toBe(4);
  {
    await using again = await startRondo({ dir: project, flags: target });
    await serving(again);
    const after = await champion(again);
    expect([after.state, after.gates, after.metrics]).toEqual([
      before.state,
      before.gates,
      before.metrics,
    ]);
    const words = ['run', 'train', '--parameter', 'rounds=1700', '--url', again.url];
    expect(done(...words)).toContain('succeeded');
    expect(done('audit', 'verify', '--url', again.url)).toMatch(/^Intact: \d+ events/);
    expect(done('backup', second, '--url', again.url)).toContain('blobs');
  }
  expect(done('restore', second, '--data', join(dir, 'back'))).toMatch(restored);
});

/** Enough to read that a kill comes in the midst of it. */
async function addLargeBlob(data: string): Promise<void> {
  await (await openFileBlobStore(join(data, 'blobs'))).put(Buffer.alloc(300 << 20));
}

test('backup and restore killed in the middle leave nothing that looks complete, and can be done again', async () => {
  const whole = join(dir, 'first.tar');
  const data = join(dir, 'killed');
  const killedAt = async (words: string[], moment: () => boolean): Promise<boolean> => {
    const child = spawn(process.execPath, [mainFile, ...words], { stdio: 'ignore' });
    const exited = new Promise<NodeJS.Signals | null>((resolve) => {
      child.on('exit', (_code, signal) => {
        resolve(signal);
      });
    });
    while (!moment() && child.exitCode === null) await new Promise((next) => setTimeout(next, 1));
    child.kill('SIGKILL');
    return (await exited) === 'SIGKILL';
  };
  const hasBlobs = (): boolean =>
    existsSync(join(data, 'blobs', 'sha256')) &&
    readdirSync(join(data, 'blobs', 'sha256')).length > 2;
  expect(await killedAt(['restore', whole, '--data', data], hasBlobs)).toBe(true);
  const refused = rondo('server', '--dir', project, '--data', data, '--port', '0');
  expect([refused.status, refused.stderr]).toEqual([
    5,
    expect.stringContaining('was not finished'),
  ]);
  expect(done('restore', whole, '--data', data)).toContain('the chain of');
  await addLargeBlob(data);
  const file = join(dir, 'killed.tar');
  const begun = (): boolean => existsSync(`${file}.partial`);
  expect(await killedAt(['backup', file, '--data', data], begun)).toBe(true);
  expect(existsSync(file)).toBe(false);
  expect(rondo('restore', `${file}.partial`, '--data', join(dir, 'from-partial'))).toMatchObject({
    status: 5,
    stderr: expect.stringContaining('cut off') as string,
  });
  expect(done('backup', file, '--data', data)).toContain('blobs');
  expect(existsSync(`${file}.partial`)).toBe(false);
});

test('a server that dies in the middle of a backup: no file, and an error that says so', async () => {
  const file = join(dir, 'broken-off.tar');
  const flags = ['--data', join(dir, 'killed')];
  await using running = await startRondo({ dir: project, flags });
  const child = spawn(process.execPath, [mainFile, 'backup', file, '--url', running.url], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  while (!existsSync(`${file}.partial`) && child.exitCode === null) {
    await new Promise((next) => setTimeout(next, 1));
  }
  running.kill('server');
  expect(await exited).not.toBe(0);
  expect(stderr).toMatch(/^rondo: (The server broke off|The backup is cut off)/m);
  expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
});
