import { AppError } from '../../base/app-error.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { FeatureValueItem, FeatureViewSummary } from '../../contract/feature-view.ts';
import type { Context } from '../../context.ts';
import { storedViews, type StoredView } from '../feature-store.ts';
import { valuesOfView } from '../value-store.ts';
import type { FeatureValue } from '../feature-view.ts';
import { datasetSequences } from '../source-file-store.ts';

/** The feature views, definitions in force first, then former ones that are still kept up to date. */
export async function describeViews(ctx: Pick<Context, 'db'>): Promise<FeatureViewSummary[]> {
  const sequences = await datasetSequences(ctx.db);
  const rows = (await storedViews(ctx.db)).filter((stored) => stored.state !== 'stopped');
  return rows
    .toSorted((a, b) => Number(b.state === 'current') - Number(a.state === 'current'))
    .map((stored) => summary(stored, sequences));
}

/** The definition in force of one view. Throws `FEATURE_VIEW_UNKNOWN` with the nearest name. */
export async function describeView(
  ctx: Pick<Context, 'db'>,
  name: string,
): Promise<FeatureViewSummary> {
  return summary(await findView(ctx, name), await datasetSequences(ctx.db));
}

/** Latest values of a view by key, one page. */
export async function listViewValues(
  ctx: Pick<Context, 'db' | 'clocks'>,
  query: { view: string; after?: string | undefined; limit: number },
): Promise<{ items: FeatureValueItem[]; next: string | null }> {
  const { view } = await findView(ctx, query.view);
  const nowMs = ctx.clocks.calendar.nowMs();
  const rows = await valuesOfView(ctx.db, {
    viewDigest: view.digest,
    after: query.after ?? null,
    limit: query.limit + 1,
  });
  const items = rows.slice(0, query.limit).map((row) => ({
    key: row.key,
    eventMs: row.event_ms,
    availableMs: row.available_ms,
    stale: nowMs - row.event_ms > view.ttlMs,
    values: JSON.parse(row.value_json) as Record<string, FeatureValue>,
  }));
  return { items, next: rows.length > query.limit ? (items.at(-1)?.key ?? null) : null };
}

async function findView(ctx: Pick<Context, 'db'>, name: string): Promise<StoredView> {
  const current = (await storedViews(ctx.db)).filter((stored) => stored.state === 'current');
  const found = current.find((stored) => stored.view.name === name);
  if (found) return found;
  const near = nearestWord(
    name,
    current.map((stored) => stored.view.name),
  );
  throw new AppError(
    'FEATURE_VIEW_UNKNOWN',
    `There is no feature view "${name}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
  );
}

function summary(stored: StoredView, sequences: ReadonlyMap<string, number>): FeatureViewSummary {
  const { view } = stored;
  return {
    name: view.name,
    digest: view.digest,
    state: stored.state,
    dataset: view.from,
    entity: view.entity,
    time: view.time,
    ttlMs: view.ttlMs,
    history: view.history,
    sql: view.sql,
    features: stored.columns ?? [],
    rows: stored.logRows,
    newestEventMs: stored.maxEventMs,
    newestAvailableMs: stored.maxAvailableMs,
    behind: Math.max(0, (sequences.get(view.from) ?? 0) - stored.fileSequence),
    error: stored.error,
  };
}
