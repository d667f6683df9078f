import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testContext, TEST_START_MS, type TestContext } from '../../test/harness/test-context.ts';
import type { ProjectDefinition } from '../config/project-file/project-definition.ts';
import { registerFiles } from '../datasets/actions/register-files.ts';
import { emptyFeatureCopy, applyPortion, lookUpIn } from '../gateway/feature-copy.ts';
import { materialiseViews } from './actions/materialise-views.ts';
import { recomputeVectors, type LoggedVector } from './actions/recompute-vectors.ts';
import { storedViews } from './feature-store.ts';
import { valuesAfter } from './value-store.ts';
import { featureSources, type FeatureValue } from './feature-view.ts';

const HOUR = 3_600_000;
const KEYS = ['ATL', 'ORD', 'SFO'];

/** The shape of the views of the flights example: a value is known once the last row of its window is. */
const SQL = `select origin, landed_at, max(arrived_at) over last_5 as arrived_at, avg((delay > 15)::int) over last_5 as late_share
  from flights window last_5 as (partition by origin order by landed_at, flight_id rows between 4 preceding and current row)`;

const SCHEMA = `rondo-schema: 1
columns:
  flight_id: { type: integer }
  delay: { type: integer }
  origin: { type: text }
  landed_at: { type: timestamp }
  arrived_at: { type: timestamp }
`;

const definition: Partial<ProjectDefinition> = {
  datasets: {
    flights: {
      source: { kind: 'files', path: 'data/*.parquet' },
      time: { event: 'landed_at', available: 'arrived_at' },
      schema: 'flights.schema.yaml',
    },
  },
  features: {
    delay: {
      from: 'flights',
      entity: 'origin',
      time: { event: 'landed_at', available: 'arrived_at' },
      sql: 'delay.sql',
      ttl: 12 * HOUR,
      history: { rows: 5 },
    },
  },
};

type Flight = { id: number; key: string; landedMs: number; arrivedMs: number; delay: number };

async function project(): Promise<TestContext> {
  const ctx = await testContext({ startMs: TEST_START_MS, definition });
  await ctx.write('delay.sql', SQL);
  await ctx.write('flights.schema.yaml', SCHEMA);
  return ctx;
}

/** Flights that landed in the hour that ends at `hour`; from SFO one, so that its window reaches back five hours. */
function flightsOf(hour: number): Flight[] {
  return Array.from({ length: 9 }, (_, i) => ({
    id: hour * 100 + i,
    key: i === 4 ? 'SFO' : i % 2 === 0 ? 'ATL' : 'ORD',
    landedMs: TEST_START_MS + (hour - 1) * HOUR + (i * 6 + 1) * 60_000,
    arrivedMs: TEST_START_MS + hour * HOUR,
    delay: ((hour * 5 + i * 5) % 11) * 4,
  }));
}

async function land(
  ctx: TestContext,
  file: string,
  flights: readonly Flight[],
  delayType = 'integer',
): Promise<string> {
  const path = await ctx.write(`data/${file}.parquet`, '');
  await rm(path);
  const values = flights.map(
    (flight) =>
      `(${flight.id}::bigint, '${flight.key}', make_timestamp(${flight.landedMs}::bigint * 1000), make_timestamp(${flight.arrivedMs}::bigint * 1000), ${flight.delay}::${delayType})`,
  );
  await ctx.analytics.run(
    `copy (from (values ${values.join(', ')}) t(flight_id, origin, landed_at, arrived_at, delay)) to '${join(ctx.project.dir, `data/${file}.parquet`)}' (format parquet)`,
  );
  const [registered] = await registerFiles(ctx, {
    dataset: 'flights',
    paths: [`data/${file}.parquet`],
  });
  return registered?.state ?? '';
}

/** A gateway's copy that is sent what changed, and the vectors it answers with. */
function server(ctx: TestContext): { serve(): Promise<void>; vectors: LoggedVector[] } {
  const copy = emptyFeatureCopy();
  const vectors: LoggedVector[] = [];
  return {
    vectors,
    async serve() {
      const rows = await valuesAfter(ctx.db, { sequence: copy.sequence, limit: 1000 });
      const stored = (await storedViews(ctx.db)).find((row) => row.state === 'current');
      if (!stored) throw new Error('no view');
      const { view } = stored;
      if (rows.length > 0) {
        applyPortion(copy, {
          storeId: 'store',
          sequence: rows.at(-1)?.sequence ?? 0,
          updates: [
            {
              view: view.name,
              viewDigest: view.digest,
              rows: rows.map((row) => ({
                key: row.key,
                eventMs: row.event_ms,
                availableMs: row.available_ms,
                values: JSON.parse(row.value_json) as Record<string, FeatureValue>,
              })),
            },
          ],
        });
      }
      const [source] = featureSources(view, stored.columns ?? []);
      if (!source) return;
      const lookUp = lookUpIn(copy);
      const nowMs = ctx.clocks.calendar.nowMs();
      for (const atMs of [nowMs + 1, nowMs + HOUR / 2, nowMs + HOUR - 1]) {
        for (const key of KEYS) {
          vectors.push({
            id: `${key} ${atMs}`,
            atMs,
            entities: { origin: key },
            features: { delay_late_share: lookUp(source, key, atMs) as FeatureValue },
            views: { delay: view.digest },
          });
        }
      }
    },
  };
}

function toHour(ctx: TestContext, hour: number): void {
  const nowMs = TEST_START_MS + hour * HOUR;
  ctx.calendar.advance({ nowMs, untilMs: nowMs });
}

test('vectors served before, while and after a file was quarantined and corrected later all recompute', async () => {
  await using ctx = await project();
  const gateway = server(ctx);
  const states: string[] = [];
  for (let hour = 1; hour <= 14; hour += 1) {
    toHour(ctx, hour);
    if (hour === 9) {
      // The correction of hour 6 says when it came, and comes with the file of its hour.
      const late = flightsOf(6).map((flight) => ({
        ...flight,
        arrivedMs: TEST_START_MS + 9 * HOUR,
      }));
      states.push(await land(ctx, 'h6', late));
    }
    // Nothing new from SFO then: its value changes by the correction alone.
    const some = flightsOf(hour).filter((flight) => hour !== 9 || flight.key !== 'SFO');
    states.push(await land(ctx, `h${hour}`, some, hour === 6 ? 'varchar' : 'integer'));
    await materialiseViews(ctx);
    await gateway.serve();
  }
  expect(states.filter((state) => state === 'quarantined')).toHaveLength(1);
  const [stored] = await storedViews(ctx.db);
  expect(stored).toMatchObject({ error: null, fileSequence: 15 });
  const served = gateway.vectors.filter((vector) => vector.features.delay_late_share !== null);
  expect(served.length).toBeGreaterThan(100);
  const found = await recomputeVectors(ctx, { vectors: gateway.vectors });
  expect(found.examples).toEqual([]);
  expect(found).toMatchObject({ vectors: gateway.vectors.length, differing: 0 });
}, 30_000);

test('with rows that come hours late at any time, what was served is what recomputes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ lag: fc.integer({ min: 0, max: 4 }), late: fc.boolean() }), {
        minLength: 45,
        maxLength: 45,
      }),
      async (plan) => {
        await using ctx = await project();
        const gateway = server(ctx);
        const all = [1, 2, 3, 4, 5].flatMap((hour) => flightsOf(hour));
        const flights = all.map((flight, i) => ({
          ...flight,
          arrivedMs: flight.arrivedMs + (plan[i]?.late === true ? (plan[i]?.lag ?? 0) : 0) * HOUR,
        }));
        for (let hour = 1; hour <= 9; hour += 1) {
          toHour(ctx, hour);
          const some = flights.filter((flight) => flight.arrivedMs === TEST_START_MS + hour * HOUR);
          if (some.length > 0) await land(ctx, `h${hour}`, some);
          await materialiseViews(ctx);
          if (hour >= 5) await gateway.serve();
        }
        const found = await recomputeVectors(ctx, { vectors: gateway.vectors });
        expect(found.examples).toEqual([]);
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
}, 60_000);
