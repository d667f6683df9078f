import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { inList } from '../storage/database/in-list.ts';
import { sqlEngine } from '../storage/database/sql-engine.ts';
import type { Database } from '../storage/database/database.ts';
import type { RunRow } from '../storage/database/tables/tracking.ts';
import { compareSql } from './filter/compare-sql.ts';
import type { Condition } from './filter/parse-filter.ts';
import type { Order } from './filter/parse-order.ts';

const ATTRIBUTES: Readonly<Record<string, Expression<unknown>>> = {
  run_id: sql.ref('runs.run_id'),
  run_name: sql.ref('runs.name'),
  user_id: sql.ref('runs.user_id'),
  status: sql.ref('runs.status'),
  artifact_uri: sql.ref('runs.artifact_uri'),
  start_time: sql.ref('runs.start_time_ms'),
  end_time: sql.ref('runs.end_time_ms'),
};
const TABLES = { metric: 'latest_metrics', parameter: 'run_params', tag: 'run_tags' } as const;

/** One key of the order as SQL: an expression that is never null, and its direction. */
type SortKey = { expression: RawBuilder<unknown>; descending: boolean };

export type RunsQuery = {
  experimentIds: readonly string[];
  stages: readonly string[];
  conditions: readonly Condition[];
  order: readonly Order[];
  /** The sort keys of the last run of the page before. */
  after: readonly (string | number)[] | null;
  limit: number;
};

/**
 * Runs that meet every condition, in order, each with its sort keys. A run without the value it is sorted by comes last
 * in either direction, NaN just before those; runs that are alike go by start, the latest first, then by id.
 */
export async function selectRuns(
  db: Database,
  query: RunsQuery,
): Promise<{ row: RunRow; keys: (string | number)[] }[]> {
  const keys = sortKeys(query.order);
  let from = sql`runs`;
  for (const [index, { entity, key }] of query.order.entries()) {
    if (entity === 'attribute' || entity === 'dataset') continue;
    const alias = sql.ref(`o${index}`);
    from = sql`${from} left join ${sql.table(TABLES[entity])} as ${alias}
      on ${alias}.run_id = runs.run_id and ${alias}.key = ${key}`;
  }
  const where = [
    sql<SqlBool>`runs.experiment_id in ${inList(db, query.experimentIds)}`,
    sql<SqlBool>`runs.lifecycle_stage in (${sql.join(query.stages)})`,
    ...query.conditions.map((condition) => conditionSql(db, condition)),
    ...(query.after === null ? [] : [afterSql(keys, query.after)]),
  ];
  const columns = keys.map((key, index) => sql`${key.expression} as ${sql.ref(`k${index}`)}`);
  const order = keys.map(
    (key) => sql`${key.expression} ${sql.raw(key.descending ? 'desc' : 'asc')}`,
  );
  const { rows } = await sql<RunRow & Record<`k${number}`, string | number>>`
    select runs.*, ${sql.join(columns)} from ${from}
    where ${sql.join(where, sql` and `)}
    order by ${sql.join(order)} limit ${query.limit}`.execute(db);
  return rows.map((row) => ({ row, keys: keys.map((_, index) => row[`k${index}`] ?? '') }));
}

function sortKeys(order: readonly Order[]): SortKey[] {
  const keys: SortKey[] = [];
  for (const [index, { entity, key, descending }] of order.entries()) {
    const value =
      entity === 'attribute' ? (ATTRIBUTES[key] ?? sql.lit(null)) : sql.ref(`o${index}.value`);
    const numeric = entity === 'metric' || key === 'start_time' || key === 'end_time';
    const rank =
      entity === 'metric'
        ? sql`case when ${value} is null then 2 when ${sql.ref(`o${index}.is_nan`)} = 1 then 1 else 0 end`
        : sql`case when ${value} is null then 1 else 0 end`;
    keys.push({ expression: rank, descending: false });
    keys.push({
      expression: numeric ? sql`coalesce(${value}, 0)` : sql`coalesce(${value}, '')`,
      descending,
    });
  }
  if (!order.some(({ entity, key }) => entity === 'attribute' && key === 'start_time'))
    keys.push({ expression: sql`runs.start_time_ms`, descending: true });
  keys.push({ expression: sql`runs.run_id`, descending: false });
  return keys;
}

/** What stands after a place in the order: greater in one key and alike in all before it. */
function afterSql(
  keys: readonly SortKey[],
  after: readonly (string | number)[],
): RawBuilder<SqlBool> {
  const branches = keys.map((key, index) => {
    const alike = keys.slice(0, index).map((other, at) => sql`${other.expression} = ${after[at]}`);
    const beyond = sql`${key.expression} ${sql.raw(key.descending ? '<' : '>')} ${after[index]}`;
    return sql`(${sql.join([...alike, beyond], sql` and `)})`;
  });
  return sql<SqlBool>`(${sql.join(branches, sql` or `)})`;
}

function conditionSql(db: Database, condition: Condition): Expression<SqlBool> {
  const engine = sqlEngine(db);
  const { entity, key, comparator } = condition;
  if (entity === 'attribute') {
    return compareSql(engine, ATTRIBUTES[key] ?? sql.ref('runs.run_id'), condition);
  }
  if (entity === 'dataset') return datasetSql(engine, condition);
  const table = sql.table(TABLES[entity]);
  const entry = sql`select 1 from ${table} as entry where entry.run_id = runs.run_id and entry.key = ${key}`;
  if (comparator === 'IS NULL') return sql<SqlBool>`not exists (${entry})`;
  if (comparator === 'IS NOT NULL') return sql<SqlBool>`exists (${entry})`;
  const meets = compareSql(engine, sql.ref('entry.value'), condition);
  if (entity !== 'metric') return sql<SqlBool>`exists (${entry} and ${meets})`;
  // NaN differs from every number, and nothing else is true of it.
  const number =
    comparator === '!=' ? sql`(${meets} or entry.is_nan = 1)` : sql`${meets} and entry.is_nan = 0`;
  return sql<SqlBool>`exists (${entry} and ${number})`;
}

function datasetSql(engine: 'sqlite' | 'postgres', condition: Condition): Expression<SqlBool> {
  if (condition.key === 'context') {
    return sql<SqlBool>`exists (select 1 from run_input_tags as entry where entry.run_id = runs.run_id
      and entry.key = 'mlflow.data.context' and ${compareSql(engine, sql.ref('entry.value'), condition)})`;
  }
  const column = sql.ref(condition.key === 'name' ? 'entry.name' : 'entry.digest');
  return sql<SqlBool>`exists (select 1 from run_inputs inner join tracked_datasets as entry
    on entry.dataset_id = run_inputs.dataset_id
    where run_inputs.run_id = runs.run_id and ${compareSql(engine, column, condition)})`;
}
