import type { z } from 'zod';
import type { RunItem, RunView, runsQuery } from '../contract/views/runs-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { RunRow } from '../storage/database/tables/tracking.ts';

/** MLflow's states in the words of runs. */
const STATES: Readonly<Record<string, string>> = {
  RUNNING: 'running',
  SCHEDULED: 'queued',
  FINISHED: 'succeeded',
  FAILED: 'failed',
  KILLED: 'cancelled',
};
export const AD_HOC = 'ad hoc';

/**
 * Runs that an MLflow client made outside every pipeline, those without a parent: from a place in the list on, newest
 * first, and how many there are.
 */
export async function adHocRuns(
  db: ReadDatabase,
  query: Partial<z.infer<typeof runsQuery>>,
  from: { startedMs: number; runId: string } | null,
  limit: number,
): Promise<{ rows: RunRow[]; total: number }> {
  if (query.pipeline !== undefined || (query.cause !== undefined && query.cause !== AD_HOC))
    return { rows: [], total: 0 };
  let select = db
    .selectFrom('runs')
    .where('origin', '=', 'client')
    .where('parent_run_id', 'is', null)
    .where('lifecycle_stage', '=', 'active');
  if (query.state !== undefined) {
    const status = Object.keys(STATES).find((key) => STATES[key] === query.state);
    select = select.where('status', '=', status ?? '');
  }
  if (query.text !== undefined) {
    const like = `%${query.text.toLowerCase()}%`;
    select = select.where((eb) =>
      eb.or([eb('run_id', 'like', like), eb(eb.fn<string>('lower', ['name']), 'like', like)]),
    );
  }
  const { count } = await select
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  if (from !== null) {
    select = select.where((eb) =>
      eb.or([
        eb('start_time_ms', '<', from.startedMs),
        eb.and([eb('start_time_ms', '=', from.startedMs), eb('run_id', '<', from.runId)]),
      ]),
    );
  }
  const rows = await select
    .selectAll()
    .orderBy('start_time_ms', 'desc')
    .orderBy('run_id', 'desc')
    .limit(limit)
    .execute();
  return { rows, total: Number(count) };
}

/** An ad hoc run as the list of runs shows it. */
export function adHocItem(
  row: RunRow,
  logged: { metrics: Record<string, number>; parameters: Record<string, string> },
  produced: RunItem['produced'],
): RunItem {
  const by = row.user_id === '' ? 'an MLflow client' : row.user_id;
  return {
    kind: AD_HOC,
    runId: row.run_id,
    pipeline: row.name,
    state: STATES[row.status] ?? row.status,
    cause: { kind: AD_HOC, text: `logged by ${by}, outside every pipeline`, to: null },
    createdMs: row.start_time_ms,
    startedMs: row.start_time_ms,
    endedMs: row.end_time_ms,
    durationMs: row.end_time_ms === null ? null : row.end_time_ms - row.start_time_ms,
    steps: { total: 0, done: 0, cached: 0 },
    parameters: logged.parameters,
    metrics: logged.metrics,
    produced,
    failure: null,
  };
}

/** One run of a client, also one inside another; undefined when there is none. */
export async function adHocRunView(
  db: ReadDatabase,
  runId: string,
  itemsOf: (rows: readonly RunRow[]) => Promise<RunItem[]>,
): Promise<RunView | undefined> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '=', runId)
    .where('origin', '=', 'client')
    .executeTakeFirst();
  const [item] = row ? await itemsOf([row]) : [];
  if (!item) return undefined;
  const made = item.produced ? ` It made ${item.produced.model} ${item.produced.version}.` : '';
  return {
    run: item,
    code: { commit: null, workingTree: false },
    sentence: `An ad hoc run, ${item.cause.text}: no pipeline can repeat it.${made}`,
    steps: [],
    metrics: Object.entries(item.metrics).map(([name, value]) => ({ step: null, name, value })),
    failure: null,
  };
}
