import { sql, type Expression, type SqlBool } from 'kysely';
import { inList } from '../storage/database/in-list.ts';
import { sqlEngine } from '../storage/database/sql-engine.ts';
import type { Database, Transaction } from '../storage/database/database.ts';
import type { ExperimentRow } from '../storage/database/tables/tracking.ts';
import { compareSql } from './filter/compare-sql.ts';
import type { Condition } from './filter/parse-filter.ts';
import type { Order } from './filter/parse-order.ts';
import { invalid } from './validate.ts';

/** An experiment with its tags. */
export type Experiment = ExperimentRow & { tags: { key: string; value: string }[] };

export async function findExperiment(
  db: Database,
  by: { id: string } | { name: string },
): Promise<ExperimentRow | undefined> {
  const rows = db.selectFrom('experiments').selectAll();
  return (
    'id' in by ? rows.where('experiment_id', '=', by.id) : rows.where('name', '=', by.name)
  ).executeTakeFirst();
}

/**
 * Inserts an experiment under the next number, or throws what `taken` gives when its name is in use. Both are decided
 * under a lock on the default experiment's row.
 */
export async function insertExperiment(
  tx: Transaction,
  experiment: {
    name: string;
    artifactLocation: string | null;
    nowMs: number;
    taken: () => Error;
  },
): Promise<ExperimentRow> {
  await tx
    .updateTable('experiments')
    .set((eb) => ({ last_update_time_ms: eb.ref('last_update_time_ms') }))
    .where('experiment_id', '=', '0')
    .execute();
  if (await findExperiment(tx, { name: experiment.name })) throw experiment.taken();
  const last = await tx
    .selectFrom('experiments')
    .select(sql<number>`max(cast(experiment_id as integer))`.as('id'))
    .executeTakeFirstOrThrow();
  const id = String(last.id + 1);
  const row: ExperimentRow = {
    experiment_id: id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation ?? `mlflow-artifacts:/${id}`,
    lifecycle_stage: 'active',
    creation_time_ms: experiment.nowMs,
    last_update_time_ms: experiment.nowMs,
  };
  await tx.insertInto('experiments').values(row).execute();
  return row;
}

export async function changeExperimentRow(
  tx: Transaction,
  id: string,
  change: Partial<Pick<ExperimentRow, 'name' | 'lifecycle_stage' | 'last_update_time_ms'>>,
): Promise<void> {
  await tx.updateTable('experiments').set(change).where('experiment_id', '=', id).execute();
}

export async function setRunsStage(
  tx: Transaction,
  experimentId: string,
  stage: string,
): Promise<void> {
  await tx
    .updateTable('runs')
    .set({ lifecycle_stage: stage })
    .where('experiment_id', '=', experimentId)
    .execute();
}

export async function putExperimentTags(
  tx: Transaction,
  id: string,
  tags: readonly { key: string; value: string }[],
): Promise<void> {
  for (const { key, value } of tags) {
    await tx
      .insertInto('experiment_tags')
      .values({ experiment_id: id, key, value })
      .onConflict((conflict) => conflict.columns(['experiment_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

/** Takes a tag away; false when there was none. */
export async function removeExperimentTag(
  tx: Transaction,
  id: string,
  key: string,
): Promise<boolean> {
  const gone = await tx
    .deleteFrom('experiment_tags')
    .where('experiment_id', '=', id)
    .where('key', '=', key)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

export async function withTags(
  db: Database,
  rows: readonly ExperimentRow[],
): Promise<Experiment[]> {
  const ids = rows.map((row) => row.experiment_id);
  const tags = await db
    .selectFrom('experiment_tags')
    .selectAll()
    .where('experiment_id', 'in', inList(db, ids))
    .orderBy('key')
    .execute();
  const byId = Map.groupBy(tags, (tag) => tag.experiment_id);
  return rows.map((row) => ({
    ...row,
    tags: (byId.get(row.experiment_id) ?? []).map(({ key, value }) => ({ key, value })),
  }));
}

const NUMBER = sql<number>`cast(experiments.experiment_id as integer)`;
const COLUMNS: Readonly<Record<string, Expression<unknown>>> = {
  name: sql.ref('experiments.name'),
  experiment_id: NUMBER,
  creation_time: sql.ref('experiments.creation_time_ms'),
  last_update_time: sql.ref('experiments.last_update_time_ms'),
};

/** A page of experiments that meet every condition, one more than asked for where there are more. */
export async function selectExperiments(
  db: Database,
  query: {
    conditions: readonly Condition[];
    order: readonly Order[];
    stages: readonly string[];
    offset: number;
    limit: number;
  },
): Promise<ExperimentRow[]> {
  let select = db
    .selectFrom('experiments')
    .selectAll()
    .where('lifecycle_stage', 'in', [...query.stages]);
  for (const condition of query.conditions) select = select.where(conditionSql(db, condition));
  for (const { key, descending } of query.order)
    select = select.orderBy(COLUMNS[key] ?? NUMBER, descending ? 'desc' : 'asc');
  if (!query.order.some(({ key }) => key === 'experiment_id'))
    select = select.orderBy(NUMBER, 'desc');
  return select.limit(query.limit).offset(query.offset).execute();
}

function conditionSql(db: Database, condition: Condition): Expression<SqlBool> {
  const engine = sqlEngine(db);
  const { entity, key, comparator } = condition;
  if (entity === 'tag') {
    const tag = sql`select 1 from experiment_tags where experiment_tags.experiment_id = experiments.experiment_id and experiment_tags.key = ${key}`;
    if (comparator === 'IS NULL') return sql<SqlBool>`not exists (${tag})`;
    if (comparator === 'IS NOT NULL') return sql<SqlBool>`exists (${tag})`;
    return sql<SqlBool>`exists (${tag} and ${compareSql(engine, sql.ref('experiment_tags.value'), condition)})`;
  }
  if (key === 'experiment_id') {
    if (!['=', '!=', 'IN', 'NOT IN'].includes(comparator))
      throw invalid(`Invalid comparator for experiment_id: ${comparator}`);
    return compareSql(engine, sql.ref('experiments.experiment_id'), condition);
  }
  return compareSql(engine, COLUMNS[key] ?? NUMBER, condition);
}
