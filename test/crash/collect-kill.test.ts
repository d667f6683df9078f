import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { PredictionRecord, SilentRecord } from '../../src/contract/spool-record.ts';
import { readSpoolCursor } from '../../src/serving/serving-store.ts';
import { onBothEngines } from '../harness/on-both-engines.ts';
import { testContext, TEST_START_MS, type TestContext } from '../harness/test-context.ts';
import { mulberry32 } from './kill-at-random.ts';

const RECORDS = 20_000;
const PER_SEGMENT = 500;
const KILLS = 12;
/** About three batches: a death by statement comes in the midst of the work. */
const STATEMENTS = 30;
const MOST_MS = 30_000;

const idOf = (index: number): string => `prediction_${String(index).padStart(6, '0')}`;

/** Every fourth record brings the silent score of an earlier one, which may stand in the segment before. */
function recordsOf(index: number): (PredictionRecord | SilentRecord)[] {
  const prediction: PredictionRecord = {
    kind: 'prediction',
    id: idOf(index),
    endpoint: 'late',
    atMs: TEST_START_MS + index * 60_000,
    unit: idOf(index),
    arm: 'champion',
    release: null,
    stage: null,
    model: 'late',
    version: '1',
    features: { hour: index % 24, distance: 300 + index },
    entities: { origin: 'ATL' },
    views: {},
    missing: [],
    score: 0.25,
    error: null,
    latencyUs: 150,
  };
  if (index % 4 !== 1 || index < 4) return [prediction];
  const silent: SilentRecord = {
    kind: 'silent',
    id: idOf(index - 3),
    release: 'release_1',
    version: '2',
    score: 0.3,
    error: null,
    latencyUs: 90,
  };
  return [prediction, silent];
}

async function writeSpool(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const names: string[] = [];
  for (let from = 0; from < RECORDS; from += PER_SEGMENT) {
    const name = `${String(names.length + 1).padStart(8, '0')}.jsonl`;
    const records = Array.from({ length: PER_SEGMENT }, (_, index) => recordsOf(from + index));
    const lines = records.flat().map((record) => `${JSON.stringify(record)}\n`);
    await writeFile(join(folder, name), lines.join(''));
    names.push(name);
  }
  return names;
}

/** Collects in a process of its own until that has all, or dies; null is its death by SIGKILL. */
function collectIn(dir: string, ...moment: string[]): Promise<number | null> {
  const script = join(import.meta.dirname, 'collect-process.ts');
  const child = spawn(process.execPath, [script, dir, ...moment], { stdio: 'inherit' });
  // A fault that makes it collect for ever must not outlive the test.
  const limit = setTimeout(() => child.kill('SIGTERM'), MOST_MS);
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      if (signal === null || signal === 'SIGKILL') resolve(code);
      else reject(new Error(`a collector that does not end within ${MOST_MS} ms`));
    });
  });
}

async function countOf(ctx: TestContext): Promise<{ rows: number; ids: number; silent: number }> {
  const found = await sql<{ rows: number; ids: number; silent: number }>`
    select count(*) as rows, count(distinct prediction_id) as ids, count(silent_score) as silent from predictions
  `.execute(ctx.db);
  return found.rows[0] ?? { rows: 0, ids: 0, silent: 0 };
}

async function requestsOf(ctx: TestContext): Promise<number> {
  const found = await sql<{ requests: number | null }>`
    select sum(requests) as requests from prediction_hours
  `.execute(ctx.db);
  return found.rows[0]?.requests ?? 0;
}

/** The whole segments the database has that still lie in the spool: their deletion did not come. */
async function undeleted(ctx: TestContext, folder: string): Promise<string[]> {
  const cursor = await readSpoolCursor(ctx.db, 'gateway');
  return readdirSync(folder)
    .sort()
    .slice(0, -1)
    .filter(
      (name) =>
        name < cursor.segment ||
        (name === cursor.segment && statSync(join(folder, name)).size === cursor.byte_offset),
    );
}

onBothEngines(() => {
  test(
    `a collector killed ${KILLS} times, before random statements and between a commit and the deletion: every prediction once`,
    { timeout: 120_000 },
    async () => {
      const seed = Number(process.env.RONDO_SEED ?? Math.floor(Math.random() * 2 ** 31));
      const random = mulberry32(seed);
      const dir = await mkdtemp(join(tmpdir(), 'rondo-collect-'));
      const folder = join(dir, 'data', 'gateway', 'spool');
      const course: Record<string, unknown>[] = [];
      const message = (): string => `RONDO_SEED=${seed} ${JSON.stringify(course)}`;
      try {
        const segments = await writeSpool(folder);
        let waiting: string[] = [];
        for (let kill = 0; kill < KILLS; kill += 1) {
          const between = kill % 3 === 2;
          // Between: what an earlier death left is deleted first, and death comes at the next one.
          const code = await (between
            ? collectIn(dir, 'deletion', String(waiting.length))
            : collectIn(dir, 'statement', String(Math.floor(random() * STATEMENTS))));
          expect(code, message()).toBe(null);
          await using ctx = await testContext({ dir });
          const counted = await countOf(ctx);
          const cursor = await readSpoolCursor(ctx.db, 'gateway');
          waiting = await undeleted(ctx, folder);
          course.push({ between, rows: counted.rows, segment: cursor.segment, waiting });
          // A dead process leaves whole transactions: rows, hours and cursor say the same.
          expect(counted.rows, message()).toBe(cursor.predictions);
          expect(await requestsOf(ctx), message()).toBe(cursor.predictions);
          expect(waiting, message()).toEqual(between ? [cursor.segment] : waiting);
        }
        expect(await collectIn(dir), message()).toBe(0);
        await using ctx = await testContext({ dir });
        expect(await countOf(ctx), message()).toEqual({
          rows: RECORDS,
          ids: RECORDS,
          silent: RECORDS / 4 - 1,
        });
        expect(await readSpoolCursor(ctx.db, 'gateway'), message()).toMatchObject({
          predictions: RECORDS,
          silent: RECORDS / 4 - 1,
          duplicates: 0,
          unreadable: 0,
          orphans: 0,
        });
        expect(await requestsOf(ctx), message()).toBe(RECORDS);
        expect(readdirSync(folder), message()).toEqual(segments.slice(-1));
      } finally {
        await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      }
    },
  );
});
