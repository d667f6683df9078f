import { createHash } from 'node:crypto';
import { canonicalJson } from '../../src/base/json.ts';
import { putCurrentView } from '../../src/features/feature-store.ts';
import { definitionText, type FeatureView } from '../../src/features/feature-view.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const AIRPORTS = ['ORD', 'DFW', 'ATL', 'LAX', 'PHX', 'DEN', 'SEA', 'SFO', 'MSP', 'BOS'];

const definition = {
  sql: [
    'select origin, landed_at, arrived_at,',
    '  avg((delay > 15)::int) over recent as late_share,',
    '  count(*) over recent as flights',
    'from flights',
    'window recent as (partition by origin order by landed_at',
    '  rows between 30 preceding and current row)',
  ].join('\n'),
  from: 'flights',
  entity: 'origin',
  time: { event: 'landed_at', available: 'arrived_at' },
  ttlMs: 12 * HOUR_MS,
  history: { rows: 30, spanMs: null },
};

/** The view the seeded versions were trained on. */
export const originDelay: FeatureView = {
  ...definition,
  name: 'origin_delay',
  digest: `sha256:${createHash('sha256').update(definitionText(definition)).digest('hex')}`,
};

/** A view with a value for two hundred airports, a few of them too old, and one that was never computed. */
export async function seedFeatures(ctx: TestContext, endMs: number): Promise<void> {
  const failing: FeatureView = {
    ...originDelay,
    name: 'destination_delay_of_the_last_thirty_landings_by_airport',
    entity: 'destination',
    digest: `sha256:${'e'.repeat(64)}`,
  };
  await ctx.db.transaction().execute(async (tx) => {
    await putCurrentView(tx, originDelay, endMs - 2000 * HOUR_MS);
    await putCurrentView(tx, failing, endMs - HOUR_MS);
    await tx
      .updateTable('feature_views')
      .set({
        columns: canonicalJson([
          { name: 'late_share', type: 'DOUBLE' },
          { name: 'flights', type: 'BIGINT' },
        ]),
        file_sequence: 299,
        batch: 120,
        log_rows: 2_411_903,
        max_event_ms: endMs - HOUR_MS,
        max_available_ms: endMs - HOUR_MS / 2,
      })
      .where('view_digest', '=', originDelay.digest)
      .execute();
    await tx
      .updateTable('feature_views')
      .set({ error: 'Column "destination" of flights is unknown in data/flights/0298.parquet.' })
      .where('view_digest', '=', failing.digest)
      .execute();
    await tx
      .insertInto('feature_values')
      .values(
        Array.from({ length: 229 }, (_, index) => ({
          view_digest: originDelay.digest,
          key: AIRPORTS[index] ?? `X${String(index).padStart(2, '0')}`,
          event_ms: endMs - (index % 16 === 7 ? 30 : 1) * HOUR_MS,
          available_ms: endMs - HOUR_MS / 2,
          value_json: canonicalJson({
            late_share: index % 40 === 3 ? null : 0.05 + ((index * 37) % 100) / 260,
            flights: 3 + ((index * 7) % 28),
          }),
          sequence: index + 1,
        })),
      )
      .execute();
  });
}

/** What the skew gate left of a version: the tenth one sees the future. */
export function seededSkew(number: number) {
  const differing = number === 12 ? 1404 : number % 3;
  const rows = 5000;
  const share = differing / rows;
  const high = differing === 0 ? 0.0006 : share + 1.96 * Math.sqrt((share * (1 - share)) / rows);
  const feature = {
    view: 'origin_delay',
    source: number < 4 ? 'replayed' : 'served',
    column: 'origin_delay_late_share',
    rows,
    baseCount: rows,
    testCount: rows,
    match: rows - differing,
    baseOnly: 0,
    testOnly: 0,
    mismatch: differing,
    share,
    interval: { low: Math.max(0, 2 * share - high), high },
  };
  const refused = high > 0.002;
  return {
    outcome: refused ? ('refused' as const) : ('passed' as const),
    reason: `${refused ? 'Refused: ' : 'Features agree online and offline: at worst '}origin_delay_late_share differs in ${differing} of 5,000 ${feature.source} rows, wanted at most 0.002.`,
    evidence: canonicalJson({ max: 0.002, features: [feature] }),
  };
}
