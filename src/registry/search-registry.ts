import { sql, type Expression, type SqlBool } from 'kysely';
import type { Database } from '../storage/database/database.ts';
import { sqlEngine } from '../storage/database/sql-engine.ts';
import { compareSql } from '../tracking/filter/compare-sql.ts';
import { modelVersionsGrammar, registeredModelsGrammar } from '../tracking/filter/grammars.ts';
import { parseFilter, type Condition } from '../tracking/filter/parse-filter.ts';
import { parseOrder, type Order } from '../tracking/filter/parse-order.ts';
import {
  completeModels,
  RECORD_COLUMNS,
  withTags,
  type ModelRecord,
  type VersionRecord,
} from './registered-model-store.ts';
import { invalid, PROMPT_TAG } from './registry-names.ts';

/** A search of MLflow's clients. `offset` rows are passed over. */
export type RegistryQuery = {
  filter: string | undefined;
  orderBy: readonly string[] | undefined;
  limit: number;
  offset: number;
};

const MODEL_COLUMNS = {
  name: 'models.name',
  // MLflow's own server takes `timestamp` for the last update, and orders models by no other time.
  timestamp: 'models.updated_at_ms',
  last_updated_timestamp: 'models.updated_at_ms',
} as const;
const MODEL_ORDER = {
  ...registeredModelsGrammar,
  order: { attributes: Object.keys(MODEL_COLUMNS), entities: false },
};

const VERSION_COLUMNS = {
  name: 'model_versions.model',
  version_number: 'model_versions.number',
  run_id: 'model_versions.source_run_id',
  source_path: 'model_versions.source',
  creation_timestamp: 'model_versions.created_at_ms',
  last_updated_timestamp: 'model_versions.updated_at_ms',
} as const;

/** Models that fit a filter; `more` tells whether another page follows. Prompts only when the filter asks for them. */
export async function searchModels(
  db: Database,
  query: RegistryQuery,
): Promise<{ items: ModelRecord[]; more: boolean }> {
  const conditions = parseFilter(query.filter, registeredModelsGrammar);
  for (const text of query.orderBy ?? []) {
    const [key = ''] = text.trim().split(/\s+/);
    if (key === '' || key in MODEL_COLUMNS) continue;
    throw invalid(
      `Invalid order by key '${key}' specified. Valid keys are '{'name', 'timestamp'}'`,
    );
  }
  const orders = orderOf(query.orderBy, MODEL_ORDER, MODEL_COLUMNS);
  let select = db
    .selectFrom('models')
    .selectAll()
    .where((eb) => eb.and(conditionsSql(db, conditions, 'models')))
    .limit(query.limit + 1)
    .offset(query.offset);
  for (const { column, descending } of orders)
    select = select.orderBy(sql.ref(column), descending ? 'desc' : 'asc');
  if (!orders.some((order) => order.column === 'models.name')) select = select.orderBy('name');
  const rows = await select.execute();
  return {
    items: await completeModels(db, rows.slice(0, query.limit)),
    more: rows.length > query.limit,
  };
}

/** Versions that fit a filter, the last changed first unless told. */
export async function searchVersions(
  db: Database,
  query: RegistryQuery,
): Promise<{ items: VersionRecord[]; more: boolean }> {
  const conditions = parseFilter(query.filter, modelVersionsGrammar);
  const orders = orderOf(
    query.orderBy?.length ? query.orderBy : ['last_updated_timestamp DESC'],
    modelVersionsGrammar,
    VERSION_COLUMNS,
  );
  let select = db
    .selectFrom('model_versions')
    .select(RECORD_COLUMNS)
    .where((eb) => eb.and(conditionsSql(db, conditions, 'model_versions')))
    .limit(query.limit + 1)
    .offset(query.offset);
  for (const { column, descending } of orders)
    select = select.orderBy(sql.ref(column), descending ? 'desc' : 'asc');
  const ordered = (column: string): boolean => orders.some((order) => order.column === column);
  if (!ordered(VERSION_COLUMNS.name)) select = select.orderBy('model');
  if (!ordered(VERSION_COLUMNS.version_number)) select = select.orderBy('number', 'desc');
  const rows = await select.execute();
  return {
    items: await withTags(db, rows.slice(0, query.limit), 'without'),
    more: rows.length > query.limit,
  };
}

function orderOf(
  orderBy: readonly string[] | undefined,
  grammar: Parameters<typeof parseOrder>[1],
  columns: Readonly<Record<string, string>>,
): { column: string; descending: boolean }[] {
  const orders = parseOrder(orderBy, grammar).map(({ key, descending }: Order) => ({
    column: columns[key] ?? key,
    descending,
  }));
  if (new Set(orders.map((order) => order.column)).size < orders.length) {
    throw invalid(`\`order_by\` contains duplicate fields: ${JSON.stringify(orderBy)}`);
  }
  return orders;
}

type Kind = 'models' | 'model_versions';

/** Conditions of one tag hold together; a prompt is left out unless its own tag is asked for. */
function conditionsSql(
  db: Database,
  conditions: readonly Condition[],
  kind: Kind,
): Expression<SqlBool>[] {
  const engine = sqlEngine(db);
  const parts: Expression<SqlBool>[] = [];
  const model = sql.ref(kind === 'models' ? 'models.name' : 'model_versions.model');
  const columns: Readonly<Record<string, string>> =
    kind === 'models' ? MODEL_COLUMNS : VERSION_COLUMNS;
  const prompts = wantsPrompts(conditions);
  if (!prompts) {
    parts.push(
      sql<SqlBool>`not exists (select 1 from model_tags where model_tags.model = ${model} and model_tags.key = ${PROMPT_TAG} and model_tags.value = 'true')`,
    );
  }
  for (const condition of conditions) {
    if (condition.entity === 'attribute') {
      const column = columns[condition.key];
      if (column === undefined) throw invalid(`Invalid attribute name: ${condition.key}`);
      if (typeof condition.value === 'number' && !Number.isInteger(condition.value)) {
        throw invalid(`Invalid value for numeric attribute '${condition.key}': ${condition.value}`);
      }
      parts.push(compareSql(engine, sql.ref(column), condition));
      continue;
    }
    if (condition.key === PROMPT_TAG && !prompts) continue;
    const tags = kind === 'models' ? sql.table('model_tags') : sql.table('model_version_tags');
    const same =
      kind === 'models'
        ? sql<SqlBool>`t.model = models.name`
        : sql<SqlBool>`t.model = model_versions.model and t.number = model_versions.number`;
    const holds = compareSql(engine, sql.ref('t.value'), condition);
    parts.push(
      sql<SqlBool>`exists (select 1 from ${tags} as t where ${same} and t.key = ${condition.key} and ${holds})`,
    );
  }
  return parts;
}

/** As MLflow reads it: the first condition on the prompt tag decides. */
function wantsPrompts(conditions: readonly Condition[]): boolean {
  const first = conditions.find(
    (condition) => condition.entity === 'tag' && condition.key === PROMPT_TAG,
  );
  const value = String(first?.value).toLowerCase();
  return (
    (first?.comparator === '=' && value === 'true') ||
    (first?.comparator === '!=' && value === 'false')
  );
}
