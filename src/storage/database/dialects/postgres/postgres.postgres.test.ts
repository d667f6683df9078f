import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPostgresDatabase,
  dropPostgresDatabase,
  executeOn,
} from '../../../../../test/engines/postgres.ts';
import { startCuttingProxy } from '../../../../../test/engines/cutting-proxy.ts';
import { postgresServer } from '../../../../../test/harness/test-database.ts';
import { databaseUrl } from '../../database-url.ts';
import { openDatabase, type Database } from '../../database.ts';
import { migrateToLatest } from '../../migrate.ts';
import { migrations } from '../../migrations/index.ts';
import { postgresDialect, unsuitable } from '../postgres.ts';

const server = postgresServer();
let url: URL;
beforeEach(async () => {
  url = await createPostgresDatabase(server);
});
afterEach(async () => {
  await dropPostgresDatabase(server, url);
});

const AWKWARD = [
  'a',
  'B',
  'b',
  'A',
  'ä',
  'Z',
  '_',
  'é',
  'a b',
  'a-b',
  'ab',
  '😀',
  '～',
  '',
  '10',
  '9',
];

async function orderOf(db: Database): Promise<string[]> {
  await db
    .insertInto('settings')
    .values(AWKWARD.map((key) => ({ key, value: '' })))
    .execute();
  const rows = await db.selectFrom('settings').select('key').orderBy('key').execute();
  const after = await db
    .selectFrom('settings')
    .select('key')
    .where('key', '>', 'Z')
    .orderBy('key')
    .execute();
  return [...rows, ...after].map((row) => row.key);
}

test('text has the order of SQLite, whatever the locale of the database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-order-'));
  const embedded = await openDatabase(databaseUrl(undefined, folder));
  const { db, close } = await openDatabase(url);
  expect(await orderOf(db)).toEqual(await orderOf(embedded.db));
  const { rows } = await sql<{ other: boolean }>`select 'a' < 'B' as other`.execute(db);
  // The locale of this database sorts otherwise.
  expect(rows).toEqual([{ other: true }]);
  await Promise.all([close(), embedded.close()]);
  await rm(folder, { recursive: true });
});

test('counts, sums and 64-bit integers are numbers; one too large for a number is an error', async () => {
  const { db, close } = await openDatabase(url);
  const event = { type: 'x', subject_kind: 'x', subject_id: 'x', actor: 'x', data: '{}' };
  await db
    .insertInto('events')
    .values([
      { ...event, event_id: 'a', at_ms: 2 ** 52, recorded_at_ms: 1 },
      { ...event, event_id: 'b', at_ms: 1, recorded_at_ms: 1 },
    ])
    .execute();
  const figures = await db
    .selectFrom('events')
    .select((eb) => [
      eb.fn.countAll<number>().as('n'),
      eb.fn.sum<number>('at_ms').as('sum'),
      eb.fn.avg<number>('recorded_at_ms').as('average'),
      eb.fn.max('position').as('last'),
    ])
    .execute();
  expect(figures).toEqual([{ n: 2, sum: 2 ** 52 + 1, average: 1, last: 2 }]);
  await expect(sql`select 9007199254740993 as n`.execute(db)).rejects.toThrow('9007199254740993');
  await close();
});

/** Tables, columns, keys and indexes as the server describes them. */
async function schemaOf(database: URL): Promise<unknown[]> {
  const { rows } = await executeOn(
    database,
    `select table_name, column_name, data_type, collation_name, is_nullable, column_default
       from information_schema.columns where table_schema = 'public' and table_name not like 'kysely%'
      union all
     select tablename, indexname, indexdef, null, null, null from pg_indexes
      where schemaname = 'public' and tablename not like 'kysely%' order by 1, 2`,
  );
  return rows;
}

test('migrations give the same schema from empty and from each step before; every text column compares by bytes', async () => {
  await (await openDatabase(url)).close();
  const expected = await schemaOf(url);
  const texts = (expected as { data_type: string; collation_name: string }[]).filter(
    (row) => row.data_type === 'text',
  );
  expect(texts.length).toBeGreaterThan(100);
  expect(texts.filter((row) => row.collation_name !== 'C')).toEqual([]);
  const names = Object.keys(migrations);
  for (let steps = 1; steps < names.length; steps += 4) {
    const stepwise = await createPostgresDatabase(server);
    const opened = await postgresDialect.open(stepwise);
    const first = Object.fromEntries(Object.entries(migrations).slice(0, steps));
    await migrateToLatest(opened.kysely, first);
    await migrateToLatest(opened.kysely);
    await opened.close();
    expect(await schemaOf(stepwise)).toEqual(expected);
    await dropPostgresDatabase(server, stepwise);
  }
});

test('a failing migration leaves nothing behind, and a newer database is refused', async () => {
  const opened = await postgresDialect.open(url);
  const broken = {
    ...migrations,
    '9999-broken': {
      async up(db: Kysely<unknown>) {
        await db.schema.createTable('half').addColumn('id', 'integer').execute();
        throw new Error('planted');
      },
    },
  };
  await expect(migrateToLatest(opened.kysely, broken)).rejects.toThrow('planted');
  expect(await schemaOf(url)).toEqual([]);
  await migrateToLatest(opened.kysely, {
    ...migrations,
    '9999-from-the-future': { up: () => Promise.resolve() },
  });
  await opened.close();
  await expect(openDatabase(url)).rejects.toMatchObject({ code: 'DATA_DIR_NEWER' });
});

test('transactions come one after another, of one process and of two: nobody reads what another is changing', async () => {
  const openers = [await openDatabase(url), await openDatabase(url)];
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) =>
      openers[i % 2]!.db.transaction().execute(async (tx) => {
        const rows = await tx.selectFrom('settings').selectAll().execute();
        await tx
          .insertInto('settings')
          .values({ key: `k${i}`, value: String(rows.length) })
          .execute();
        if (i % 4 === 3) throw new Error('planted');
      }),
    ),
  );
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(30);
  const rows = await openers[0]!.db.selectFrom('settings').select('value').execute();
  const values = rows.map((row) => Number(row.value)).sort((a, b) => a - b);
  expect(values).toEqual(Array.from({ length: 30 }, (_, i) => i));
  for (const opener of openers) await opener.close();
});

test('one server a database: a second one is refused by name, a lost claim is taken again, a stolen one is told', async () => {
  await using proxy = await startCuttingProxy(url);
  const first = await postgresDialect.open(proxy.url);
  let taken = 0;
  await first.claim(() => {
    taken += 1;
  });
  const second = await postgresDialect.open(url);
  await expect(second.claim(() => undefined)).rejects.toMatchObject({
    code: 'DATABASE_IN_USE',
    message: expect.stringContaining(`${process.pid} at 127.0.0.1`) as string,
  });
  const holders = `select pid from pg_locks where locktype = 'advisory' and objid = 2
    and database = (select oid from pg_database where datname = current_database())`;
  const [before] = (await executeOn(url, holders)).rows as { pid: number }[];
  await executeOn(url, `select pg_terminate_backend(${before?.pid ?? 0})`);
  await expect
    .poll(async () => (await executeOn(url, holders)).rows.length, { timeout: 5000 })
    .toBe(1);
  const [after] = (await executeOn(url, holders)).rows as { pid: number }[];
  expect(after?.pid).not.toBe(before?.pid);
  proxy.shut();
  const claim = await second.claim(() => undefined);
  proxy.open();
  await expect.poll(() => taken, { timeout: 5000 }).toBe(1);
  await claim.release();
  await Promise.all([first.close(), second.close()]);
});

const failure = (change: (wrong: URL) => void): Promise<unknown> => {
  const wrong = new URL(url);
  change(wrong);
  return openDatabase(wrong).then(
    () => undefined,
    (error: unknown) => error,
  );
};

test('what is wrong with the URL or the server is said, with no password in it', async () => {
  const password = decodeURIComponent(url.password);
  const cases: [string, (wrong: URL) => void][] = [
    ['DATABASE_REFUSED', (wrong) => (wrong.password = 'not-the-password')],
    ['DATABASE_REFUSED', (wrong) => (wrong.password = '')],
    ['DATABASE_REFUSED', (wrong) => (wrong.username = 'nobody')],
    ['DATABASE_MISSING', (wrong) => (wrong.pathname = '/not_there')],
    ['DATABASE_UNREACHABLE', (wrong) => wrong.searchParams.set('sslmode', 'require')],
    ['DATABASE_UNREACHABLE', (wrong) => (wrong.hostname = 'no-such-host.invalid')],
    ['USAGE', (wrong) => wrong.searchParams.set('sslmode', 'maybe')],
    ['USAGE', (wrong) => wrong.searchParams.set('pooling', '3')],
    ['USAGE', (wrong) => wrong.searchParams.set('pool', 'many')],
  ];
  for (const [code, change] of cases) {
    const error = (await failure(change)) as Error & { code: string };
    expect([error.code, error.message], error.message).toEqual([code, expect.any(String)]);
    const whole = `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}`;
    for (const secret of [password, url.password, 'not-the-password']) {
      expect(whole).not.toContain(secret);
    }
  }
  expect(() => databaseUrl('postgres://user:secret@:bad', '/')).toThrow('is not a URL');
});

test('a server that is not there is named within some seconds', { timeout: 30_000 }, async () => {
  expect(await failure((wrong) => (wrong.port = '1'))).toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    message: expect.stringMatching(
      /^postgres:\/\/rondo@127\.0\.0\.1:1\/\w+ does not answer/,
    ) as string,
  });
});

test('old servers and other encodings are refused', async () => {
  expect(unsuitable({ version: '140022', encoding: 'UTF8' })).toContain('PostgreSQL 14');
  expect(unsuitable({ version: '150000', encoding: 'UTF8' })).toBe(undefined);
  await executeOn(
    server,
    `create database other_encoding template template0 encoding 'SQL_ASCII' locale_provider libc locale 'C'`,
  );
  const other = new URL(url);
  other.pathname = '/other_encoding';
  await expect(openDatabase(other)).rejects.toMatchObject({ code: 'DATABASE_UNSUITABLE' });
  await dropPostgresDatabase(server, other);
});
