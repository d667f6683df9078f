import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { databaseUrl } from '../../src/storage/database/database-url.ts';
import { openDatabase } from '../../src/storage/database/database.ts';
import { verifyChain } from '../../src/events/verify-chain.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

/**
 * A project with its data directory as the version with the migrations 0001 to 0010 left it: two runs, three versions of
 * a model, a release, five labelled predictions, a stopped server. It lay in another folder then.
 */
const FIXTURE = join(import.meta.dirname, 'data-directory-0010.tar.gz');
const HEAD = '08fb5f77d366748f3556cc4d1648a4bb0d9654fd798a0ff0755bfd44c3616b34';
const SEALED = 47;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rondo-golden-'));
  execFileSync('tar', ['-xzf', FIXTURE, '-C', dir]);
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const rondo = (...words: string[]) =>
  spawnSync(process.execPath, [mainFile, ...words], { encoding: 'utf8', timeout: 60_000 });
const asked = (server: RunningRondo, ...words: string[]): string => {
  const done = rondo(...words, '--url', server.url);
  expect(done.stderr).not.toMatch(/^rondo: /);
  return done.stdout;
};
const PENGUIN = [
  'bill_length_mm=39',
  'bill_depth_mm=18',
  'flipper_length_mm=181',
  'body_mass_g=3750',
];

/** Views of what lies in the fixture. */
const NAMED = [
  '/api/views/runs/run_1m7zgsmeryb8pe674h6h',
  '/api/views/models/penguin-sex',
  '/api/views/models/penguin-sex/versions/1',
  '/api/views/releases/release_1m7zgsqz2gem5xy06apy',
  '/api/views/endpoints/penguin-sex',
  '/api/views/datasets/penguins',
  '/api/views/datasets/penguins/versions/1',
  '/api/views/monitors/penguin-sex',
  '/api/runs/run_1m7zgsmeryb8pe674h6h/steps/fit/log',
  '/api/runs/run_1m7zgsmeryb8pe674h6h/cache',
  '/api/releases/release_1m7zgsqz2gem5xy06apy/replay',
  '/api/lineage/run/run_1m7zgsmeryb8pe674h6h',
];

/** Every address that is read without naming anything. */
async function plainReads(server: RunningRondo): Promise<string[]> {
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as {
    paths: Record<string, { get?: { parameters?: { required?: boolean }[] } }>;
  };
  return Object.entries(document.paths)
    .filter(([path, { get }]) => get && !path.includes('{') && !/stream|backup|export/.test(path))
    .filter(([, { get }]) => !get?.parameters?.some((parameter) => parameter.required === true))
    .map(([path]) => path);
}

test('a data directory of an earlier version is taken on: chain, screens, predictions, and a new run', async () => {
  await using server = await startRondo({ dir });
  expect(asked(server, 'audit', 'verify')).toMatch(/^Intact: \d+ events sealed/);
  const paths = await plainReads(server);
  expect(paths.filter((path) => path.startsWith('/api/views/')).length).toBeGreaterThan(8);
  const broken: string[] = [];
  for (const path of [...paths, ...NAMED]) {
    const { status } = await fetch(server.url + path);
    // Most of MLflow's addresses ask for a name, which only their own schema tells.
    if (status >= (path.includes('/mlflow/') ? 500 : 400)) broken.push(`${status} ${path}`);
  }
  expect(broken).toEqual([]);
  expect(asked(server, 'models')).toMatch(/penguin-sex +3 +1/);
  await expect
    .poll(() => rondo('predict', 'penguin-sex', ...PENGUIN, '--url', server.url).stdout, {
      timeout: 20_000,
      interval: 300,
    })
    .toMatch(/prediction_/);
  expect(asked(server, 'run', 'train', '--parameter', 'rounds=1500')).toContain('succeeded');
  await expect.poll(() => asked(server, 'models'), { timeout: 20_000 }).toMatch(/penguin-sex +4 /);
  expect(asked(server, 'audit', 'verify')).toMatch(/^Intact: \d+ events sealed/);
});

test('every event of then stands where it stood, with the seal it had', async () => {
  const opened = await openDatabase(databaseUrl(undefined, join(dir, '.rondo')));
  const verdict = await verifyChain(opened.db);
  expect(verdict).toMatchObject({ kind: 'intact', sealed: SEALED, head: HEAD });
  await opened.close();
});

test('a backup of it made by this version before any server opened it restores to the same events', async () => {
  const file = join(dir, 'old.tar');
  expect(rondo('backup', file, '--data', join(dir, '.rondo')).stderr).not.toMatch(/^rondo: /m);
  const data = join(dir, 'restored');
  const restored = rondo('restore', file, '--data', data, '--json');
  expect(restored.stderr).not.toMatch(/^rondo: /m);
  expect(JSON.parse(restored.stdout)).toMatchObject({ sealed: SEALED });
  const opened = await openDatabase(databaseUrl(undefined, data));
  expect(await verifyChain(opened.db)).toMatchObject({ kind: 'intact', head: HEAD });
  await opened.close();
});

test('a data directory of a newer version is refused and not touched', async () => {
  const path = join(dir, '.rondo', 'rondo.db');
  const database = new DatabaseSync(path);
  database.exec(
    `insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030-01-01')`,
  );
  database.close();
  const digest = async (): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  const before = await digest();
  const refused = rondo('server', '--dir', dir, '--port', '0');
  expect(refused.status).toBe(5);
  expect(refused.stderr).toContain('9999-from-the-future');
  expect(await digest()).toBe(before);
});
