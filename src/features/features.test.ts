import fc from 'fast-check';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testContext, TEST_START_MS, type TestContext } from '../../test/harness/test-context.ts';
import type { ProjectDefinition } from '../config/project-file/project-definition.ts';
import { registerFiles } from '../datasets/actions/register-files.ts';
import { eventsOf } from '../events/event-store.ts';
import { materialiseViews } from './actions/materialise-views.ts';
import { logQuery } from './feature-log.ts';
import { storedViews } from './feature-store.ts';
import { valuesAfter } from './value-store.ts';
import { knownRows } from './view-sql.ts';

const HOUR = 3_600_000;

type Landing = { id: number; key: string; eventMs: number; availableMs: number; late: number };

const SQL = `select origin, landed_at, arrived_at, sum(late) over w as late_count, avg(late) over w as late_share
  from landings window w as (partition by origin order by landed_at, id rows between 2 preceding and current row)`;

function definition(part: object = {}): Partial<ProjectDefinition> {
  return {
    datasets: {
      landings: {
        source: { kind: 'files', path: 'data/*.parquet' },
        time: { event: 'landed_at', available: 'arrived_at' },
      },
    },
    features: {
      delay: {
        from: 'landings',
        entity: 'origin',
        time: { event: 'landed_at', available: 'arrived_at' },
        sql: 'delay.sql',
        ttl: 12 * HOUR,
        history: { rows: 3 },
        ...part,
      },
    },
  };
}

async function land(ctx: TestContext, name: string, rows: readonly Landing[]): Promise<void> {
  await ctx.write(`data/${name}.parquet`, '');
  const path = join(ctx.project.dir, `data/${name}.parquet`);
  await rm(path);
  const values = rows.map(
    (row) =>
      `(${row.id}, '${row.key}', make_timestamp(${row.eventMs}::bigint * 1000), make_timestamp(${row.availableMs}::bigint * 1000), ${row.late})`,
  );
  await ctx.analytics.run(
    `copy (from (values ${values.join(', ')}) t(id, origin, landed_at, arrived_at, late)) to '${path}' (format parquet)`,
  );
  await registerFiles(ctx, { dataset: 'landings', paths: [`data/${name}.parquet`] });
}

type Known = {
  key: string;
  event_ms: number;
  available_ms: number;
  f_late_count: number;
  f_late_share: number;
};

/** What was known when, of the view `delay`: the visible content of its log. */
async function known(ctx: TestContext): Promise<Known[]> {
  const [stored] = await storedViews(ctx.db);
  if (!stored) throw new Error('no view');
  const columns = stored.columns ?? [];
  return ctx.analytics.session(async (session) => {
    const log = await logQuery(ctx, session, { viewDigest: stored.view.digest, columns });
    return session.rows<Known>(
      `select * from (${knownRows(columns, log)}) order by key, available_ms`,
    );
  });
}

/** The definition by brute force: at each availability the newest row by event of what is there, with its window. */
function bruteKnown(rows: readonly Landing[]): Known[] {
  const result: Known[] = [];
  for (const key of [...new Set(rows.map((row) => row.key))].sort()) {
    const own = rows.filter((row) => row.key === key);
    let before: string | undefined;
    for (const availableMs of [...new Set(own.map((row) => row.availableMs))].sort(
      (a, b) => a - b,
    )) {
      const there = own.filter((row) => row.availableMs <= availableMs);
      there.sort((a, b) => a.eventMs - b.eventMs || a.id - b.id);
      const window = there.slice(-3);
      const count = window.reduce((sum, row) => sum + row.late, 0);
      const value = {
        event_ms: window.at(-1)?.eventMs ?? 0,
        f_late_count: count,
        f_late_share: count / window.length,
      };
      if (JSON.stringify(value) === before) continue;
      before = JSON.stringify(value);
      result.push({ key, available_ms: availableMs, ...value });
    }
  }
  return result;
}

/** Without rows that repeat the value before them: a new row may bring the value that stood. */
function changes(rows: readonly Known[]): Known[] {
  return rows.filter((row, i) => {
    const before = rows[i - 1];
    return (
      before?.key !== row.key ||
      before.event_ms !== row.event_ms ||
      before.f_late_count !== row.f_late_count ||
      Math.abs(before.f_late_share - row.f_late_share) > 1e-12
    );
  });
}

const landings = fc
  .array(
    fc.record({
      key: fc.constantFrom('ATL', 'ORD', 'SFO'),
      minute: fc.integer({ min: 0, max: 400 }),
      lagHours: fc.constantFrom(1, 1, 1, 2, 3),
      late: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((rows) => {
    // One landing a key and minute: ties inside a key are decided by value, and have a test of their own.
    const seen = new Set<string>();
    return rows
      .filter(
        (row) => !seen.has(`${row.key} ${row.minute}`) && seen.add(`${row.key} ${row.minute}`),
      )
      .map((row, id) => {
        const eventMs = TEST_START_MS + row.minute * 60_000;
        const availableMs = (Math.floor(eventMs / HOUR) + row.lagHours) * HOUR;
        return { id, key: row.key, eventMs, availableMs, late: row.late };
      });
  });

test('any split into files in order of availability gives what a brute-force definition gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      landings,
      fc.boolean(),
      fc.boolean(),
      fc.infiniteStream(fc.boolean()),
      async (rows, bounded, all, cuts) => {
        await using ctx = await testContext({
          startMs: TEST_START_MS + 100 * HOUR,
          definition: definition(bounded ? {} : { history: undefined }),
        });
        await ctx.write('delay.sql', SQL);
        const instants = [...new Set(rows.map((row) => row.availableMs))].sort((a, b) => a - b);
        let file: Landing[] = [];
        for (const [i, instant] of instants.entries()) {
          file.push(...rows.filter((row) => row.availableMs === instant));
          if (i < instants.length - 1 && (all || !cuts.next().value)) continue;
          await land(ctx, `f${i}`, file);
          await materialiseViews(ctx);
          file = [];
        }
        // `bounded` keeps three rows a key: rows later than that are beyond what the view said it looks back on.
        const visible = changes(await known(ctx));
        const expected = bruteKnown(rows);
        expect(bounded ? [] : visible).toEqual(bounded ? [] : expected);
        const newest = (list: readonly Known[]): Known[] => [
          ...new Map(list.map((row) => [row.key, row])).values(),
        ];
        expect(newest(visible)).toEqual(newest(expected));
        const values = await valuesAfter(ctx.db, { sequence: 0, limit: 100 });
        expect(
          values
            .map((row) => ({
              key: row.key,
              event_ms: row.event_ms,
              ...(JSON.parse(row.value_json) as object),
            }))
            .sort((a, b) => (a.key < b.key ? -1 : 1)),
        ).toEqual(
          newest(expected).map((row) => ({
            key: row.key,
            event_ms: row.event_ms,
            late_count: row.f_late_count,
            late_share: row.f_late_share,
          })),
        );
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

const day = (from: number, count: number): Landing[] =>
  Array.from({ length: count }, (_, i) => ({
    id: from * 100 + i,
    key: i % 2 === 0 ? 'ATL' : 'ORD',
    eventMs: TEST_START_MS + from * HOUR + i * 60_000 + 1,
    availableMs: TEST_START_MS + (from + 1) * HOUR,
    late: i % 3 === 0 ? 1 : 0,
  }));

test('a crash before the transaction loses nothing and doubles nothing, also after a restart', async () => {
  await using ctx = await testContext({
    startMs: TEST_START_MS + 100 * HOUR,
    definition: definition(),
  });
  await ctx.write('delay.sql', SQL);
  const rows: Landing[] = [];
  const cursors: number[] = [];
  for (let hour = 0; hour < 59; hour += 1) {
    const some = day(hour, 6);
    rows.push(...some);
    await land(ctx, `h${String(hour).padStart(3, '0')}`, some);
    if (hour % 7 === 3) {
      // The blobs are written, the transaction never begins.
      const broken = { ...ctx, db: failing(ctx) };
      await materialiseViews(broken).catch(() => undefined);
      cursors.push((await storedViews(ctx.db))[0]?.fileSequence ?? 0);
    }
    // Another engine is what a new process has: nothing in memory.
    const fresh = hour % 11 === 5 ? { ...ctx, analytics: { ...ctx.analytics } } : ctx;
    await materialiseViews(fresh);
  }
  expect(changes(await known(ctx))).toEqual(changes(bruteKnown(rows)));
  const [stored] = await storedViews(ctx.db);
  expect(cursors).toEqual([3, 10, 17, 24, 31, 38, 45, 52]);
  expect(stored).toMatchObject({ fileSequence: 59, error: null, logRows: 118 });
  const parts = await ctx.db.selectFrom('feature_segments').selectAll().execute();
  expect(parts.length).toBeGreaterThan(0);
}, 60_000);

function failing(ctx: TestContext): TestContext['db'] {
  return new Proxy(ctx.db, {
    get(target, name) {
      if (name === 'transaction') throw new Error('killed');
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('a replaced file makes the view anew; an unchanged or quarantined one does not', async () => {
  await using ctx = await testContext({
    startMs: TEST_START_MS + 100 * HOUR,
    definition: definition(),
  });
  await ctx.write('delay.sql', SQL);
  await land(ctx, 'a', day(0, 6));
  await land(ctx, 'b', day(1, 6));
  await materialiseViews(ctx);
  const before = await valuesAfter(ctx.db, { sequence: 0, limit: 10 });
  const other = day(0, 6).map((row) => ({ ...row, late: 1 }));
  await land(ctx, 'a', other);
  expect(await materialiseViews(ctx)).toBe(true);
  expect(await materialiseViews(ctx)).toBe(false);
  expect(changes(await known(ctx))).toEqual(bruteKnown([...other, ...day(1, 6)]));
  const after = await valuesAfter(ctx.db, {
    sequence: Math.max(...before.map((row) => row.sequence)),
    limit: 10,
  });
  expect(after).toHaveLength(2);
  const events = await eventsOf(ctx.db, { kind: 'feature-view', id: 'delay' });
  expect(events.map((event) => event.type)).toEqual([
    'feature.view-defined',
    'feature.view-rebuilt',
  ]);
});

test('a value claimed to be available later is held back until then', async () => {
  await using ctx = await testContext({
    startMs: TEST_START_MS + 2 * HOUR,
    definition: definition(),
  });
  await ctx.write(
    'delay.sql',
    SQL.replace('arrived_at, sum', 'arrived_at + interval 5 hour as arrived_at, sum'),
  );
  await land(ctx, 'a', day(0, 2));
  await materialiseViews(ctx);
  expect(await valuesAfter(ctx.db, { sequence: 0, limit: 10 })).toEqual([]);
  ctx.calendar.advance({ nowMs: TEST_START_MS + 6 * HOUR, untilMs: TEST_START_MS + 6 * HOUR });
  expect(await materialiseViews(ctx)).toBe(true);
  expect(await valuesAfter(ctx.db, { sequence: 0, limit: 10 })).toHaveLength(2);
});

test('rows that tie in key, event and availability are decided by value, however they are ordered', async () => {
  const seen = new Set<string>();
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    await using ctx = await testContext({
      startMs: TEST_START_MS + 100 * HOUR,
      definition: definition(),
    });
    await ctx.write('delay.sql', SQL);
    const tied = day(0, 1).flatMap((row) =>
      [0, 1, 2].map((id) => ({ ...row, id, late: id === 1 ? 1 : 0 })),
    );
    await land(
      ctx,
      'a',
      order.flatMap((i) => tied[i] ?? []),
    );
    await materialiseViews(ctx);
    const rows = await known(ctx);
    expect(rows).toHaveLength(1);
    seen.add(JSON.stringify(rows));
  }
  expect(seen.size).toBe(1);
});

test('SQL that fails is recorded once with its reason, and mended by a new definition', async () => {
  await using ctx = await testContext({
    startMs: TEST_START_MS + 100 * HOUR,
    definition: definition(),
  });
  await ctx.write(
    'delay.sql',
    'select origin, landed_at, arrived_at, no_such_column as x from landings',
  );
  await land(ctx, 'a', day(0, 2));
  expect(await materialiseViews(ctx)).toBe(false);
  expect(await materialiseViews(ctx)).toBe(false);
  const [failed] = await storedViews(ctx.db);
  expect(failed?.error).toContain('no_such_column');
  await ctx.write('delay.sql', SQL);
  ctx.define({});
  expect(await materialiseViews(ctx)).toBe(true);
  const rows = await storedViews(ctx.db);
  expect(rows.map((row) => row.state).sort()).toEqual(['current', 'superseded']);
});

test('a view whose values change with later rows is not evaluated on several availabilities at once', async () => {
  await using ctx = await testContext({
    startMs: TEST_START_MS + 100 * HOUR,
    definition: definition({ history: undefined }),
  });
  await ctx.write(
    'delay.sql',
    'select origin, landed_at, arrived_at, count(*) over (partition by origin) as landed from landings',
  );
  for (let hour = 0; hour < 4; hour += 1) await land(ctx, `h${hour}`, day(hour, 6));
  await materialiseViews(ctx);
  const rows = (await known(ctx)).filter((row) => row.key === 'ATL') as unknown as {
    f_landed: number;
  }[];
  expect(rows.map((row) => row.f_landed)).toEqual([3, 6, 9, 12]);
});
