import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startCuttingProxy, type CuttingProxy } from '../../../../../test/engines/cutting-proxy.ts';
import { executeOn } from '../../../../../test/engines/postgres.ts';
import { testDatabase, type TestDatabase } from '../../../../../test/harness/test-database.ts';
import { openDatabase, type Database, type OpenDatabase } from '../../database.ts';

let own: TestDatabase;
let proxy: CuttingProxy;
let opened: OpenDatabase;
beforeEach(async () => {
  own = await testDatabase('');
  proxy = await startCuttingProxy(own.url);
  opened = await openDatabase(proxy.url);
});
afterEach(async () => {
  await opened.close();
  await proxy[Symbol.asyncDispose]();
  await own.remove();
});

const put = (db: Database, key: string): Promise<unknown> =>
  db.insertInto('settings').values({ key, value: key }).execute();
const keys = async (): Promise<string[]> => {
  const { rows } = await executeOn(own.url, 'select key from settings order by key');
  return (rows as { key: string }[]).map((row) => row.key);
};
/** Ends the connection a transaction runs on, as an administrator or a failing server does. */
const terminate = (pid: number): Promise<unknown> =>
  executeOn(own.url, `select pg_terminate_backend(${pid})`);
const pidOf = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]?.pid ?? 0;
};

test('a connection ended in the middle of a transaction: an error that says so, nothing of it stored, and the next one works', async () => {
  const broken = opened.db.transaction().execute(async (tx) => {
    await tx.insertInto('settings').values({ key: 'half', value: '' }).execute();
    await terminate(await pidOf(tx as unknown as Database));
    await tx.insertInto('settings').values({ key: 'other half', value: '' }).execute();
  });
  await expect(broken).rejects.toMatchObject({
    code: 'DATABASE_LOST',
    message: expect.stringContaining('nothing of it was stored') as string,
  });
  await put(opened.db, 'after');
  expect(await keys()).toEqual(['after']);
});

test('a transaction that goes on after its connection was lost stores nothing, however it ends', async () => {
  const stubborn = opened.db.transaction().execute(async (tx) => {
    await tx.insertInto('settings').values({ key: 'one', value: '' }).execute();
    await terminate(await pidOf(tx as unknown as Database));
    for (const key of ['two', 'three']) {
      const next = tx.insertInto('settings').values({ key, value: '' }).execute();
      await expect(next).rejects.toMatchObject({ code: 'DATABASE_LOST' });
    }
  });
  await expect(stubborn).rejects.toMatchObject({ code: 'DATABASE_LOST' });
  expect(await keys()).toEqual([]);
});

test('cut before the server sees the commit: reported, and not stored', async () => {
  proxy.cut('beforeRequest', 'commit');
  const change = opened.db.transaction().execute(async (tx) => {
    await tx.insertInto('settings').values({ key: 'never', value: '' }).execute();
  });
  await expect(change).rejects.toMatchObject({ code: 'DATABASE_LOST' });
  expect(proxy.cuts()).toBe(1);
  expect(await keys()).toEqual([]);
});

test('cut before the answer to the commit: the server is asked what became of it, and the change counts', async () => {
  proxy.cut('beforeAnswer', 'commit');
  await opened.db.transaction().execute(async (tx) => {
    await tx.insertInto('settings').values({ key: 'stored', value: '' }).execute();
  });
  expect(proxy.cuts()).toBe(1);
  expect(await keys()).toEqual(['stored']);
});

test.each(['beforeRequest', 'beforeAnswer'] as const)(
  'single statements are tried again until they are stored once: cut %s, at the statement and at its commit',
  async (kind) => {
    for (const text of ['insert into', 'commit']) {
      proxy.cut(kind, text, 2);
      // Without a key of its own: a statement that ran twice would leave two rows.
      await opened.db
        .insertInto('events')
        .values({
          event_id: `${kind} ${text}`,
          type: 'x',
          subject_kind: 'x',
          subject_id: 'x',
          at_ms: 1,
          recorded_at_ms: 1,
          actor: 'x',
          data: '{}',
        })
        .execute();
    }
    // An answered commit needs no second try.
    expect(proxy.cuts()).toBeGreaterThanOrEqual(3);
    const { rows } = await executeOn(own.url, 'select event_id from events');
    expect(rows).toHaveLength(2);
  },
);

test('reads are tried again when their connection is cut, and wait for a database that restarts', async () => {
  await put(opened.db, 'there');
  proxy.cut('beforeAnswer', 'from "settings"', 3);
  const read = (): Promise<unknown> => opened.db.selectFrom('settings').select('key').execute();
  expect(await read()).toEqual([{ key: 'there' }]);
  expect(proxy.cuts()).toBe(3);
  proxy.shut();
  setTimeout(() => {
    proxy.open();
  }, 700);
  expect(await read()).toEqual([{ key: 'there' }]);
  await put(opened.db, 'written');
  expect(await keys()).toEqual(['there', 'written']);
});

test('who is woken after an event finds what the transaction committed', async () => {
  const seen: string[][] = [];
  let woken = Promise.resolve();
  await opened.db.transaction().execute(async (tx) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    woken = promise;
    opened.afterCommit(() => {
      void keys().then((found) => {
        seen.push(found);
        resolve();
      });
    });
    await tx.insertInto('settings').values({ key: 'told', value: '' }).execute();
    await new Promise((done) => setTimeout(done, 50));
    expect(seen).toEqual([]);
  });
  await woken;
  expect(seen).toEqual([['told']]);
});
