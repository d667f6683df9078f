import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VersionDetail } from '../../src/contract/delivery.ts';
import { startCuttingProxy } from '../engines/cutting-proxy.ts';
import { missing } from '../engines/engine.ts';
import {
  createPostgresDatabase,
  executeOn,
  postgresEngine,
  startPostgres,
  type RunningPostgres,
} from '../engines/postgres.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const reason = process.env.RONDO_TEST_POSTGRES_URL === undefined && missing(postgresEngine);

let server: RunningPostgres;
let database: URL;
let dir = '';
beforeAll(async () => {
  if (reason !== false && reason !== undefined) return;
  server = await startPostgres();
  database = await createPostgresDatabase(server.url);
  dir = await mkdtemp(join(tmpdir(), 'rondo-postgres-'));
  execFileSync(process.execPath, [mainFile, 'init', join(dir, 'shop')], { stdio: 'pipe' });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  if (dir !== '') await rm(dir, { recursive: true, force: true });
});

const champion = async (rondo: RunningRondo): Promise<void> => {
  await expect
    .poll(
      () =>
        rondo.api
          .get<VersionDetail>('/api/models/penguin-sex/versions/1')
          .then((version) => version.state)
          .catch(() => 'none'),
      { timeout: 60_000, interval: 200 },
    )
    .toBe('champion');
};
const cli = (rondo: RunningRondo, ...words: string[]): string =>
  execFileSync(process.execPath, [mainFile, ...words, '--url', rondo.url], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
/** The gateway has the route a moment after the promotion. */
const predicts = async (rondo: RunningRondo): Promise<void> => {
  const attempt = (): string =>
    spawnSync(
      process.execPath,
      [mainFile, 'predict', 'penguin-sex', ...PENGUIN, '--url', rondo.url],
      { encoding: 'utf8' },
    ).stdout;
  await expect.poll(attempt, { timeout: 20_000, interval: 300 }).toMatch(/prediction_/);
};
const PENGUIN = [
  'bill_length_mm=39',
  'bill_depth_mm=18',
  'flipper_length_mm=181',
  'body_mass_g=3750',
];

/** The command lines of every process of this machine, as everyone may read them. */
const commandLines = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');

describe.skipIf(reason)(`rondo up on PostgreSQL${reason ? ` (${reason})` : ''}`, () => {
  test('init, run, predict, a killed server, a restart: all there, the chain intact, the password nowhere', async () => {
    const project = join(dir, 'shop');
    const flags = ['--database', database.href];
    const secrets = [database.password, decodeURIComponent(database.password)];
    let stderr = '';
    {
      await using rondo = await startRondo({ dir: project, flags });
      cli(rondo, 'run', 'train');
      await champion(rondo);
      await predicts(rondo);
      for (const secret of secrets) expect(commandLines()).not.toContain(secret);
      rondo.kill('server');
      await rondo.healthy();
      expect(cli(rondo, 'audit', 'verify')).toMatch(/^Intact: \d+ events/);
      await predicts(rondo);
      stderr += rondo.stderr();
    }
    await using again = await startRondo({ dir: project, env: { RONDO_DATABASE: database.href } });
    await expect
      .poll(() => cli(again, 'predictions', 'export').match(/prediction_/g)?.length, {
        timeout: 20_000,
      })
      .toBeGreaterThanOrEqual(2);
    expect(cli(again, 'audit', 'verify')).toMatch(/^Intact: \d+ events/);
    expect(cli(again, 'doctor')).toContain('database');
    stderr += again.stderr();
    for (const secret of secrets) expect(commandLines()).not.toContain(secret);
    const { rows } = await executeOn(database, 'select data from events');
    const told =
      stderr + JSON.stringify(rows) + (await readFile(join(project, '.rondo/address'), 'utf8'));
    for (const secret of secrets) expect(told).not.toContain(secret);
  });

  test('a second server on the same database is refused by name, a wrong URL with what to try', async () => {
    await using first = await startRondo({
      files: { 'rondo.yaml': 'rondo: 1\nproject: one\n' },
      flags: ['--database', database.href],
    });
    expect(first.url).toContain('http');
    const other = await mkdtemp(join(tmpdir(), 'rondo-second-'));
    const second = (url: string) =>
      spawnSync(
        process.execPath,
        [mainFile, 'server', '--dir', first.dir, '--data', other, '--port', '0'],
        { encoding: 'utf8', timeout: 60_000, env: { ...process.env, RONDO_DATABASE: url } },
      );
    const refused = second(database.href);
    expect([refused.status, refused.stderr]).toEqual([
      5,
      expect.stringMatching(/Another Rondo server \(rondo .* at 127\.0\.0\.1\) works on/),
    ]);
    const wrong = new URL(database);
    wrong.password = 'wrong-secret';
    const unknown = second(wrong.href);
    expect(unknown.status).toBe(5);
    expect(unknown.stderr).toContain('refuses the connection');
    expect(unknown.stderr).toContain('PGPASSWORD');
    expect(unknown.stderr).not.toContain('wrong-secret');
    await rm(other, { recursive: true, force: true });
  });

  test('the server goes on after its database was restarted under it', async () => {
    const own = await createPostgresDatabase(server.url);
    await using rondo = await startRondo({
      files: { 'rondo.yaml': 'rondo: 1\nproject: one\n' },
      flags: ['--database', own.href],
    });
    const name = own.pathname.slice(1);
    await executeOn(
      server.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    const pid = rondo.pidOf('server');
    expect(cli(rondo, 'audit', 'verify')).toMatch(/^Intact/);
    await expect
      .poll(
        async () =>
          (
            await executeOn(
              own,
              `select 1 from pg_locks where locktype = 'advisory' and objid = 2
               and database = (select oid from pg_database where datname = current_database())`,
            )
          ).rows.length,
        { timeout: 10_000 },
      )
      .toBe(1);
    expect(rondo.pidOf('server')).toBe(pid);
  });

  test('with the database away the gateway answers on, and a killed server comes back when it is back', async () => {
    const own = await createPostgresDatabase(server.url);
    await using proxy = await startCuttingProxy(own);
    await using rondo = await startRondo({
      files: { 'rondo.yaml': 'rondo: 1\nproject: one\n' },
      flags: ['--database', proxy.url.href],
    });
    proxy.shut();
    expect((await fetch(`${rondo.url}/health`)).ok).toBe(false);
    rondo.kill('server');
    const toldAway = (): boolean => / does not answer/.test(rondo.stderr());
    await expect.poll(toldAway, { timeout: 40_000, interval: 200 }).toBe(true);
    expect((await fetch(`${rondo.gatewayUrl}/v2/health/live`)).status).toBe(200);
    proxy.open();
    await rondo.healthy();
    // Not by a command: waiting for one would stop the proxy, which runs in this process.
    expect(await rondo.api.get('/api/audit/verify')).toMatchObject({ kind: 'intact' });
  });

  test('a first start without the database ends, and says what to try', async () => {
    const away = new URL(database);
    away.port = '1';
    const { status, stderr } = spawnSync(
      process.execPath,
      [mainFile, 'up', '--dir', join(dir, 'shop'), '--data', join(dir, 'away'), '--port', '0'],
      { encoding: 'utf8', timeout: 60_000, env: { ...process.env, RONDO_DATABASE: away.href } },
    );
    expect([status, stderr]).toEqual([
      6,
      expect.stringContaining('Is the database server running'),
    ]);
    expect(stderr).not.toContain(database.password);
  });
});
