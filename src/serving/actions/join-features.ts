import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { materialiseViews } from '../../features/actions/materialise-views.ts';
import { logQuery } from '../../features/feature-log.ts';
import { storedView } from '../../features/feature-store.ts';
import { pointInTimeJoin } from '../../features/point-in-time.ts';
import { eventMs } from '../../features/view-sql.ts';
import { sqlName, type AnalyticsSession } from '../../storage/analytics/analytics.ts';
import type { BatchPlan } from '../batch-plan.ts';

/**
 * A query of rows with the features known at each row's own instant, in the order of `rondo_row`: the join that training
 * sets are made with. Throws `FEATURE_VIEW_UNKNOWN`.
 */
export async function joinFeatures(
  ctx: Context,
  session: AnalyticsSession,
  input: {
    /** Relation with `rondo_row`. */
    rows: string;
    /** Its columns to keep, as SQL. */
    fields: string;
    plan: BatchPlan;
    /** Column with the instant; null: `atMs` for all. */
    time: string | null;
    atMs: number;
  },
): Promise<string> {
  const { plan, time, atMs } = input;
  await materialiseViews(ctx);
  const at = time === null ? String(atMs) : eventMs(sqlName(time));
  const keys = plan.lookups.map(
    ({ entity }, i) => `cast(${sqlName(entity)} as varchar) as rondo_key_${i}`,
  );
  let joined = `(select ${input.fields}, ${at} as rondo_at_ms, ${keys.join(', ')} from ${input.rows})`;
  for (const [i, { view: name, viewDigest, features }] of plan.lookups.entries()) {
    const stored = await storedView(ctx.db, viewDigest);
    if (!stored?.columns)
      throw new AppError(
        'FEATURE_VIEW_UNKNOWN',
        `The model wants the feature view "${name}" of ${viewDigest}, which has no values here.`,
      );
    const log = await logQuery(ctx, session, { viewDigest, columns: stored.columns });
    const columns = features.flatMap(({ feature, column: as }) => {
      const column = stored.columns?.find((known) => known.name === feature);
      return column ? [{ column, as }] : [];
    });
    joined = `(${pointInTimeJoin({
      spine: joined,
      key: `rondo_key_${i}`,
      at: 'rondo_at_ms',
      view: stored.view,
      log,
      columns,
    })})`;
  }
  return `select * from ${joined} order by rondo_row`;
}
