import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { testDatabase, type TestDatabase } from '../../test/harness/test-database.ts';
import { appendEvent } from '../events/append-event.ts';
import { sealEvents } from '../events/seal-events.ts';
import { verifyChain } from '../events/verify-chain.ts';
import { openFileBlobStore } from '../storage/blobs/file-blob-store.ts';
import { databaseUrl } from '../storage/database/database-url.ts';
import { openDatabase, openSnapshot } from '../storage/database/database.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { writeBackupFile } from './write-backup-file.ts';

let folder = '';
const databases: TestDatabase[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-backup-'));
});
afterEach(async () => {
  for (const database of databases.splice(0)) await database.remove();
  await rm(folder, { recursive: true, force: true });
});

const silent = { start: () => undefined, advance: () => undefined };

/** A backup as the server's route makes it, of a context. */
const backupOf = (ctx: TestContext, pause?: () => Promise<void>): AsyncGenerator<Uint8Array> =>
  createBackup({
    async snapshot() {
      const snapshot = await openSnapshot(ctx.databaseUrl);
      await pause?.();
      return snapshot;
    },
    blobs: ctx.blobs,
    logsFolder: ctx.paths.logs,
    rondo: 'test',
    nowMs: () => 0,
  });

/** An empty database of the engine under test. */
async function emptyTarget(name: string): Promise<{ database: URL; dataDir: string }> {
  const dataDir = join(folder, name);
  await mkdir(dataDir);
  const own = await testDatabase(dataDir, { empty: true });
  databases.push(own);
  return { database: own.url, dataDir };
}

const AWKWARD = ['', 'ä\n"\'\\', '😀\u2028', '\u0001', '[1,"NaN"]'];

/** Events, settings, blobs of several sizes, a log, a metric that is no number. */
async function fill(ctx: TestContext, events: number): Promise<void> {
  for (let at = 0; at < events; at += 1) {
    await ctx.db.transaction().execute(async (tx) => {
      const subject = { kind: 'test', id: String(at) };
      const data = { text: AWKWARD[at % AWKWARD.length] ?? '' };
      await appendEvent(ctx, tx, { type: 'test.happened', subject, data });
    });
  }
  await sealEvents(ctx);
  const settings = AWKWARD.map((value, at) => ({ key: `key ${at}`, value }));
  await ctx.db.insertInto('settings').values(settings).execute();
  for (const value of [Number.POSITIVE_INFINITY, 0.1 + 0.2, 5e-324, -1.5]) {
    await ctx.db
      .insertInto('metrics')
      .values({
        run_id: 'r',
        key: 'm',
        value,
        is_nan: 0,
        step: value > 1 ? 1 : 0,
        timestamp_ms: 2 ** 52,
      })
      .execute();
  }
  for (const size of [0, 1, 511, 512, 513, 300_000]) await ctx.blobs.put(Buffer.alloc(size, 7));
  await mkdir(join(ctx.paths.logs, 'run_1', 'x'.repeat(90)), { recursive: true });
  await writeFile(join(ctx.paths.logs, 'run_1', 'x'.repeat(90), '1.log'), 'what a step said\n');
}

/** Every table's digest and the sums over blobs and logs: equal for equal content, whatever the engine. */
async function manifestOf(file: string): Promise<string> {
  const bytes = await readFile(file);
  return bytes.subarray(bytes.lastIndexOf('{\n  "tables"')).toString('utf8').split('\0')[0] ?? '';
}

test('a backup of a running database is one moment of it; restored, everything is the same and goes on', async () => {
  await using ctx = await testContext();
  await fill(ctx, 7);
  const file = join(folder, 'b.tar');
  // What is written once the snapshot is open does not come in.
  const written = await writeBackupFile(
    file,
    backupOf(ctx, async () => {
      await ctx.db.insertInto('settings').values({ key: 'later', value: '' }).execute();
    }),
    silent,
  );
  expect(written.manifest.tables.events?.rows).toBe(7);
  expect(written.manifest.blobs.count).toBe(6);
  const target = await emptyTarget('restored');
  const restored = await restoreBackup(createReadStream(file), target);
  expect(restored.sealed).toBe(7);
  const { db, close } = await openDatabase(target.database);
  const settings = await db.selectFrom('settings').selectAll().orderBy('key').execute();
  expect(settings).toEqual(AWKWARD.map((value, at) => ({ key: `key ${at}`, value })));
  const metrics = await db.selectFrom('metrics').select('value').orderBy('value').execute();
  expect(metrics.map((row) => row.value)).toEqual([-1.5, 5e-324, 0.1 + 0.2, Infinity]);
  expect(await verifyChain(db)).toMatchObject({ kind: 'intact', sealed: 7, unsealed: 0 });
  const log = join(target.dataDir, 'logs', 'run_1', 'x'.repeat(90), '1.log');
  expect(await readFile(log, 'utf8')).toBe('what a step said\n');
  // New events are numbered above the old ones, and chained to them.
  await db
    .transaction()
    .execute((tx) =>
      appendEvent(ctx, tx, { type: 'test.after', subject: { kind: 'test', id: 'x' }, data: {} }),
    );
  await sealEvents({ db });
  expect(await verifyChain(db)).toMatchObject({ kind: 'intact', sealed: 8 });
  await close();
});

test('rows and blobs pass between SQLite and this engine and back without a change', async () => {
  await using ctx = await testContext();
  await fill(ctx, 5);
  const first = join(folder, 'first.tar');
  await writeBackupFile(first, backupOf(ctx), silent);
  const dataDir = join(folder, 'sqlite');
  await mkdir(dataDir);
  const embedded = { database: databaseUrl(undefined, dataDir), dataDir };
  await restoreBackup(createReadStream(first), embedded);
  const again = async (name: string, from: { database: URL; dataDir: string }): Promise<string> => {
    const file = join(folder, name);
    const source = createBackup({
      snapshot: () => openSnapshot(from.database),
      blobs: await openFileBlobStore(join(from.dataDir, 'blobs')),
      logsFolder: join(from.dataDir, 'logs'),
      rondo: 'test',
      nowMs: () => 0,
    });
    await writeBackupFile(file, source, silent);
    return file;
  };
  const second = await again('second.tar', embedded);
  const back = await emptyTarget('back');
  await restoreBackup(createReadStream(second), back);
  const third = await again('third.tar', back);
  expect(await manifestOf(first)).toContain('"event_seals"');
  expect(await manifestOf(second)).toBe(await manifestOf(first));
  expect(await manifestOf(third)).toBe(await manifestOf(first));
});

test('a target that is not empty is refused and left as it is', async () => {
  await using ctx = await testContext();
  await fill(ctx, 1);
  const file = join(folder, 'b.tar');
  await writeBackupFile(file, backupOf(ctx), silent);
  const full = { database: ctx.databaseUrl, dataDir: join(folder, 'other') };
  await mkdir(full.dataDir);
  const refused = { code: 'RESTORE_TARGET_NOT_EMPTY' };
  await expect(restoreBackup(createReadStream(file), full)).rejects.toMatchObject(refused);
  expect(await ctx.db.selectFrom('events').selectAll().execute()).toHaveLength(1);
  const target = await emptyTarget('used');
  await writeFile(join(target.dataDir, 'notes.txt'), 'mine');
  await expect(restoreBackup(createReadStream(file), target)).rejects.toMatchObject(refused);
  expect(await readdir(target.dataDir)).toContain('notes.txt');
});

test('a backup cut off, or with one byte changed anywhere, is found out, and leaves nothing', async () => {
  await using ctx = await testContext();
  await fill(ctx, 3);
  const file = join(folder, 'b.tar');
  await writeBackupFile(file, backupOf(ctx), silent);
  const whole = await readFile(file);
  const target = await emptyTarget('target');
  const bad = join(folder, 'bad.tar');
  const codeOf = (done: Promise<unknown>): Promise<unknown> =>
    done.then(
      () => 'taken',
      (error: { code?: string }) => error.code,
    );
  const read = async (bytes: Uint8Array): Promise<unknown> => {
    await writeFile(bad, bytes);
    return codeOf(writeBackupFile(join(folder, 'copy.tar'), createReadStream(bad), silent));
  };
  for (const length of [0, 100, 512, 20_000, whole.length - 1500]) {
    expect(await read(whole.subarray(0, length)), `cut at ${length}`).toBe('BACKUP_INVALID');
  }
  const bodyOf = (path: string): number => whole.indexOf(path) + 512 + 12;
  const places = [
    bodyOf('tables/events/'),
    bodyOf('tables/settings/'),
    // The largest blob, which is all sevens.
    whole.indexOf(Buffer.alloc(5000, 7)) + 12,
    whole.indexOf('what a step said') + 3,
    whole.lastIndexOf('"sha256"') + 14,
  ];
  for (const at of places) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await read(changed), `byte ${at}`).toBe('BACKUP_INVALID');
  }
  expect(await readdir(folder)).not.toContain('copy.tar');
  // What a restore had put in before it came to the fault is taken away again: the whole backup goes in.
  await writeFile(bad, whole.subarray(0, whole.length - 1500));
  expect(await codeOf(restoreBackup(createReadStream(bad), target))).toBe('BACKUP_INVALID');
  expect(await codeOf(restoreBackup(createReadStream(file), target))).toBe('taken');
});

test('events changed before the backup was taken: the restore says that the chain does not fit', async () => {
  await using ctx = await testContext();
  await fill(ctx, 3);
  await ctx.db
    .updateTable('events')
    .set({ actor: 'someone else' })
    .where('position', '=', 2)
    .execute();
  const file = join(folder, 'b.tar');
  await writeBackupFile(file, backupOf(ctx), silent);
  const target = await emptyTarget('target');
  await expect(restoreBackup(createReadStream(file), target)).rejects.toMatchObject({
    code: 'AUDIT_BROKEN',
  });
});

test('a restore that was killed leaves a database no server opens, and the next restore begins anew', async () => {
  await using ctx = await testContext();
  await fill(ctx, 3);
  const file = join(folder, 'b.tar');
  await writeBackupFile(file, backupOf(ctx), silent);
  const target = await emptyTarget('target');
  // As a kill leaves it: the stream never goes on after the first rows, and nobody clears.
  const { db, close } = await openDatabase(target.database);
  await sql`create table restore_unfinished (data_dir text)`.execute(db);
  await sql`insert into restore_unfinished (data_dir) values (${target.dataDir})`.execute(db);
  await db.insertInto('settings').values({ key: 'half', value: '' }).execute();
  await close();
  await mkdir(join(target.dataDir, 'blobs'));
  await expect(openDatabase(target.database)).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' });
  await restoreBackup(createReadStream(file), target);
  const opened = await openDatabase(target.database);
  const half = opened.db.selectFrom('settings').selectAll().where('key', '=', 'half').execute();
  expect(await half).toEqual([]);
  await opened.close();
});
