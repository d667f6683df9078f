import { sql } from 'kysely';
import { inList } from '../storage/database/in-list.ts';
import type { Database } from '../storage/database/database.ts';
import type { MetricRow } from '../storage/database/tables/tracking.ts';

/** A metric's history as it lies on disk: by time, step, value. */
export async function selectHistory(
  db: Database,
  query: { runId: string; key: string; after: readonly number[] | null; limit: number | null },
): Promise<MetricRow[]> {
  let select = db
    .selectFrom('metrics')
    .selectAll()
    .where('run_id', '=', query.runId)
    .where('key', '=', query.key);
  if (query.after !== null) {
    select = select.where(
      sql<boolean>`(timestamp_ms, step, value, is_nan) > (${sql.join(query.after)})`,
    );
  }
  const ordered = select.orderBy('timestamp_ms').orderBy('step').orderBy('value').orderBy('is_nan');
  return (query.limit === null ? ordered : ordered.limit(query.limit)).execute();
}

export async function selectHistories(
  db: Database,
  query: { runIds: readonly string[]; key: string; limit: number },
): Promise<MetricRow[]> {
  return db
    .selectFrom('metrics')
    .selectAll()
    .where('run_id', 'in', inList(db, query.runIds))
    .where('key', '=', query.key)
    .orderBy('run_id')
    .orderBy('timestamp_ms')
    .orderBy('step')
    .orderBy('value')
    .limit(query.limit)
    .execute();
}

/** The first of each of `limit` equal pieces of a history by step, and its last value. */
export async function sampleHistory(
  db: Database,
  query: {
    runId: string;
    key: string;
    limit: number;
    steps: { first: number; last: number } | null;
  },
): Promise<MetricRow[]> {
  const within = query.steps
    ? sql`and step between ${query.steps.first} and ${query.steps.last}`
    : sql``;
  const order = sql.raw('step, timestamp_ms, value, is_nan');
  const of = sql`from metrics where run_id = ${query.runId} and key = ${query.key} ${within}`;
  const { rows } = await sql<MetricRow>`
    select run_id, key, value, is_nan, step, timestamp_ms from (
      select pieces.*, row_number() over (partition by piece order by ${order}) as place from (
        select metrics.*, ntile(${query.limit}) over (order by ${order}) as piece ${of}
      ) as pieces
    ) as placed where place = 1 order by ${order}`.execute(db);
  const last = await sql<MetricRow>`
    select * ${of} order by step desc, timestamp_ms desc, value desc, is_nan desc limit 1`.execute(
    db,
  );
  const [end] = last.rows;
  const seen = rows.at(-1);
  if (!end || !seen || samePoint(end, seen)) return rows;
  return rows.length >= query.limit ? [...rows.slice(0, -1), end] : [...rows, end];
}

function samePoint(a: MetricRow, b: MetricRow): boolean {
  return (
    a.step === b.step &&
    a.timestamp_ms === b.timestamp_ms &&
    a.value === b.value &&
    a.is_nan === b.is_nan
  );
}
