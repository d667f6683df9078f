import { sql, type Expression, type RawBuilder, type SqlBool } from 'kysely';
import { inList } from '../storage/database/in-list.ts';
import { insertRows } from '../storage/database/insert-rows.ts';
import { sqlEngine } from '../storage/database/sql-engine.ts';
import type { Database, Transaction } from '../storage/database/database.ts';
import type { LoggedModelMetricRow, LoggedModelRow } from '../storage/database/tables/tracking.ts';
import { compareSql } from './filter/compare-sql.ts';
import type { Condition } from './filter/parse-filter.ts';
import { storedMetricValue } from './tracked-run.ts';
import type { KeyValue, Point } from './validate.ts';

/** A logged model with its parameters, tags and metrics. */
export type LoggedModel = {
  info: LoggedModelRow;
  params: KeyValue[];
  tags: KeyValue[];
  metrics: LoggedModelMetricRow[];
};

export async function findLoggedModel(
  db: Database,
  modelId: string,
): Promise<LoggedModelRow | undefined> {
  return db
    .selectFrom('logged_models')
    .selectAll()
    .where('model_id', '=', modelId)
    .executeTakeFirst();
}

export async function insertLoggedModel(tx: Transaction, row: LoggedModelRow): Promise<void> {
  await tx.insertInto('logged_models').values(row).execute();
}

export async function updateLoggedModel(
  tx: Transaction,
  modelId: string,
  change: Partial<Pick<LoggedModelRow, 'status' | 'lifecycle_stage'>> & { updated_at_ms: number },
): Promise<void> {
  await tx.updateTable('logged_models').set(change).where('model_id', '=', modelId).execute();
}

/** Writes tags or parameters of a logged model; one written again has its new value. */
export async function putModelEntries(
  tx: Transaction,
  table: 'logged_model_params' | 'logged_model_tags',
  modelId: string,
  entries: readonly KeyValue[],
): Promise<void> {
  const byKey = new Map(entries.map(({ key, value }) => [key, value]));
  await insertRows(
    tx,
    {
      table,
      columns: ['model_id', 'key', 'value'],
      conflict: '("model_id", "key") do update set value = excluded.value',
    },
    [...byKey]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [modelId, key, value]),
  );
}

export async function removeModelTag(
  tx: Transaction,
  modelId: string,
  key: string,
): Promise<boolean> {
  const gone = await tx
    .deleteFrom('logged_model_tags')
    .where('model_id', '=', modelId)
    .where('key', '=', key)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

/** Those of a run's points that name a logged model, kept with the model too. */
export async function logModelMetrics(
  tx: Transaction,
  runId: string,
  points: readonly Point[],
): Promise<void> {
  const rows = points
    .filter((point) => point.modelId !== undefined && point.modelId !== '')
    .map((point) => [
      point.modelId,
      point.key,
      point.timestampMs,
      point.step,
      runId,
      storedMetricValue(point.value).value,
      point.datasetName ?? null,
      point.datasetDigest ?? null,
    ]);
  const columns = [
    'model_id',
    'key',
    'timestamp_ms',
    'step',
    'run_id',
    'value',
    'dataset_name',
    'dataset_digest',
  ];
  await insertRows(tx, { table: 'logged_model_metrics', columns, conflict: 'do nothing' }, rows);
}

export async function loadLoggedModels(
  db: Database,
  rows: readonly LoggedModelRow[],
): Promise<LoggedModel[]> {
  const among = inList(
    db,
    rows.map((row) => row.model_id),
  );
  const params = await db
    .selectFrom('logged_model_params')
    .selectAll()
    .where('model_id', 'in', among)
    .execute();
  const tags = await db
    .selectFrom('logged_model_tags')
    .selectAll()
    .where('model_id', 'in', among)
    .execute();
  const metrics = await db
    .selectFrom('logged_model_metrics')
    .selectAll()
    .where('model_id', 'in', among)
    .orderBy('model_id')
    .orderBy('key')
    .orderBy('timestamp_ms')
    .orderBy('step')
    .execute();
  const paramsOf = Map.groupBy(params, (row) => row.model_id);
  const tagsOf = Map.groupBy(tags, (row) => row.model_id);
  const metricsOf = Map.groupBy(metrics, (row) => row.model_id);
  return rows.map((info) => ({
    info,
    params: paramsOf.get(info.model_id) ?? [],
    tags: tagsOf.get(info.model_id) ?? [],
    metrics: metricsOf.get(info.model_id) ?? [],
  }));
}

const COLUMNS: Readonly<Record<string, string>> = {
  name: 'name',
  model_id: 'model_id',
  model_type: 'model_type',
  status: 'status',
  source_run_id: 'source_run_id',
  experiment_id: 'experiment_id',
  artifact_location: 'artifact_location',
  creation_timestamp: 'created_at_ms',
  creation_timestamp_ms: 'created_at_ms',
  creation_time: 'created_at_ms',
  last_updated_timestamp: 'updated_at_ms',
  last_updated_timestamp_ms: 'updated_at_ms',
};

/** The column an attribute of a logged model lies in; undefined for an unknown one. */
export function modelColumn(attribute: string): string | undefined {
  return COLUMNS[attribute];
}

export type ModelDataset = { name: string; digest: string | null };
export type ModelOrder = {
  by: { attribute: string } | { metric: string };
  descending: boolean;
  dataset: { name: string | null; digest: string | null };
};

/** Logged models that meet every condition, in order; what lacks the value it is sorted by comes last. */
export async function selectLoggedModels(
  db: Database,
  query: {
    experimentIds: readonly string[];
    conditions: readonly Condition[];
    datasets: readonly ModelDataset[];
    order: readonly ModelOrder[];
    offset: number;
    limit: number;
  },
): Promise<LoggedModelRow[]> {
  const where: Expression<SqlBool>[] = [
    sql<SqlBool>`m.lifecycle_stage <> 'deleted'`,
    sql<SqlBool>`m.experiment_id in ${inList(db, query.experimentIds)}`,
    ...query.conditions.map((condition) => conditionSql(db, condition, query.datasets)),
  ];
  if (query.datasets.length > 0 && !query.conditions.some(({ entity }) => entity === 'metric')) {
    where.push(
      sql<SqlBool>`exists (select 1 from logged_model_metrics as e where e.model_id = m.model_id and ${onDatasets(query.datasets)})`,
    );
  }
  const order = query.order.flatMap((one) => {
    const value = valueOf(one);
    const direction = sql.raw(one.descending ? 'desc' : 'asc');
    return [sql`case when ${value} is null then 1 else 0 end`, sql`${value} ${direction}`];
  });
  const { rows } = await sql<LoggedModelRow>`
    select m.* from logged_models as m where ${sql.join(where, sql` and `)}
    order by ${sql.join(order)} limit ${query.limit} offset ${query.offset}`.execute(db);
  return rows;
}

/** A column, or the value of a metric that was logged last. */
function valueOf({ by, dataset }: ModelOrder): RawBuilder<unknown> {
  if ('attribute' in by) return sql`${sql.ref(`m.${by.attribute}`)}`;
  const { name, digest } = dataset;
  return sql`(select e.value from logged_model_metrics as e
    where e.model_id = m.model_id and e.key = ${by.metric}
    ${name === null ? sql`` : sql`and e.dataset_name = ${name}`}
    ${digest === null ? sql`` : sql`and e.dataset_digest = ${digest}`}
    order by e.timestamp_ms desc, e.step desc, e.run_id limit 1)`;
}

function onDatasets(datasets: readonly ModelDataset[]): RawBuilder<SqlBool> {
  const any = datasets.map(({ name, digest }) =>
    digest === null
      ? sql`e.dataset_name = ${name}`
      : sql`(e.dataset_name = ${name} and e.dataset_digest = ${digest})`,
  );
  return sql<SqlBool>`(${sql.join(any, sql` or `)})`;
}

function conditionSql(
  db: Database,
  condition: Condition,
  datasets: readonly ModelDataset[],
): Expression<SqlBool> {
  const engine = sqlEngine(db);
  const { entity, key } = condition;
  if (entity === 'attribute')
    return compareSql(engine, sql.ref(`m.${COLUMNS[key] ?? 'model_id'}`), condition);
  const meets = compareSql(engine, sql.ref('e.value'), condition);
  const table = sql.table(
    entity === 'metric'
      ? 'logged_model_metrics'
      : entity === 'parameter'
        ? 'logged_model_params'
        : 'logged_model_tags',
  );
  const within =
    entity === 'metric' && datasets.length > 0 ? sql`and ${onDatasets(datasets)}` : sql``;
  return sql<SqlBool>`exists (select 1 from ${table} as e
    where e.model_id = m.model_id and e.key = ${key} and ${meets} ${within})`;
}
