import { AppError } from '../base/app-error.ts';
import { nearestWord } from '../base/nearest-word.ts';
import type { Produced } from '../contract/produced.ts';
import type { FeatureSource, SignatureColumn } from '../contract/route-table.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type {
  ModelRow,
  ModelVersionRow,
  ModelVersionState,
} from '../storage/database/tables/registry.ts';
import type { ModelVersion } from './model-version.ts';

function toVersion(row: ModelVersionRow): ModelVersion {
  return {
    model: row.model,
    version: row.version,
    number: row.number,
    digest: row.digest as ModelVersion['digest'],
    origin: row.origin,
    runId: row.run_id,
    state: row.state,
    reason: row.reason,
    signature: JSON.parse(row.signature) as SignatureColumn[],
    features: JSON.parse(row.features) as FeatureSource[],
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    produced: JSON.parse(row.produced) as Produced,
    positiveClass: row.positive_class,
    format: row.format,
    createdAtMs: row.created_at_ms,
  };
}

/** What makes a version, beside what is the same for all: see `insertVersion`. */
export type NewVersion = Omit<ModelVersion, 'version' | 'number' | 'format'> & {
  /** `onnx` unless told. */
  format?: ModelVersion['format'];
  /** The tracked run that made it; null for an orphan. */
  sourceRunId: string | null;
  /** Where its files came from; of a pipeline's version its own address. */
  source?: string;
  modelId?: string | null;
  runLink?: string | null;
  description?: string | null;
};

/** The address of a version's files for MLflow's clients. */
export function versionUri(model: string, version: string): string {
  return `mlflow-artifacts:/registered/${encodeURIComponent(model)}/${version}`;
}

/** Makes the model when there is none of that name; gives whether it did. */
export async function ensureModel(
  tx: Transaction,
  model: { name: string; description?: string | null; atMs: number },
): Promise<boolean> {
  const numbers = await tx
    .selectFrom('model_numbers')
    .select('last_number')
    .where('name', '=', model.name)
    .executeTakeFirst();
  const made = await tx
    .insertInto('models')
    .values({
      name: model.name,
      created_at_ms: model.atMs,
      updated_at_ms: model.atMs,
      last_number: numbers?.last_number ?? 0,
      description: model.description ?? null,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  return Number(made.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Adds a version under the model's next number. */
export async function insertVersion(tx: Transaction, added: NewVersion): Promise<ModelVersion> {
  const { sourceRunId, source, modelId, runLink, description, format = 'onnx', ...version } = added;
  const { model, createdAtMs } = version;
  await ensureModel(tx, { name: model, atMs: createdAtMs });
  const { last_number: number } = await tx
    .updateTable('models')
    .set((eb) => ({ last_number: eb('last_number', '+', 1), updated_at_ms: createdAtMs }))
    .where('name', '=', model)
    .returning('last_number')
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('model_versions')
    .values({
      model,
      number,
      version: String(number),
      digest: version.digest,
      origin: version.origin,
      run_id: version.runId,
      source_run_id: sourceRunId,
      source: source ?? versionUri(model, String(number)),
      model_id: modelId ?? null,
      run_link: runLink ?? null,
      description: description ?? null,
      stage: 'None',
      state: version.state,
      reason: version.reason,
      signature: JSON.stringify(version.signature),
      features: JSON.stringify(version.features),
      metrics: JSON.stringify(version.metrics),
      produced: JSON.stringify(version.produced),
      positive_class: version.positiveClass,
      format,
      created_at_ms: createdAtMs,
      changed_at_ms: createdAtMs,
      updated_at_ms: createdAtMs,
    })
    .execute();
  return { ...version, format, version: String(number), number };
}

export async function findVersion(
  db: ReadDatabase,
  model: string,
  version: string,
): Promise<ModelVersion | undefined> {
  const row = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** A version by number or by alias (`champion`). Throws `MODEL_UNKNOWN` with the nearest name. */
export async function requireVersion(
  db: ReadDatabase,
  model: string,
  name: string,
): Promise<ModelVersion> {
  const version = (await findAlias(db, model, name)) ?? name;
  const found = await findVersion(db, model, version);
  if (found) return found;
  const models = (await db.selectFrom('models').select('name').execute()).map((row) => row.name);
  if (!models.includes(model)) {
    const near = nearestWord(model, models);
    const hint =
      near === undefined ? `Known: ${models.join(', ') || 'none yet'}.` : `Did you mean "${near}"?`;
    throw new AppError('MODEL_UNKNOWN', `There is no model "${model}". ${hint}`);
  }
  throw new AppError('MODEL_UNKNOWN', `The model ${model} has no version or alias "${name}".`);
}

export async function versionOfRun(
  db: ReadDatabase,
  model: string,
  runId: string,
): Promise<ModelVersion | undefined> {
  const row = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('run_id', '=', runId)
    .where('model', '=', model)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** Versions in a state, oldest first. */
export async function versionsInState(
  db: ReadDatabase,
  state: ModelVersionState,
): Promise<ModelVersion[]> {
  const rows = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('state', '=', state)
    .orderBy('model')
    .orderBy('number')
    .execute();
  return rows.map(toVersion);
}

export async function setVersionState(
  tx: Transaction,
  change: {
    model: string;
    version: string;
    state: ModelVersionState;
    reason: string;
    atMs: number;
  },
): Promise<void> {
  await tx
    .updateTable('model_versions')
    .set({ state: change.state, reason: change.reason, changed_at_ms: change.atMs })
    .where('model', '=', change.model)
    .where('version', '=', change.version)
    .execute();
}

/** The version an alias points at. */
export async function findAlias(
  db: ReadDatabase,
  model: string,
  alias: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('model_aliases')
    .select('version')
    .where('model', '=', model)
    .where('alias', '=', alias)
    .executeTakeFirst();
  return row?.version;
}

export async function setAlias(
  tx: Transaction,
  alias: { model: string; alias: string; version: string | null; atMs: number },
): Promise<void> {
  if (alias.version === null) {
    await tx
      .deleteFrom('model_aliases')
      .where('model', '=', alias.model)
      .where('alias', '=', alias.alias)
      .execute();
    return;
  }
  const moved = { version: alias.version, moved_at_ms: alias.atMs };
  await tx
    .insertInto('model_aliases')
    .values({ model: alias.model, alias: alias.alias, ...moved })
    .onConflict((conflict) => conflict.columns(['model', 'alias']).doUpdateSet(moved))
    .execute();
}

/** Aliases of a model and where they point. */
export async function aliasesOf(db: ReadDatabase, model: string): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('model_aliases')
    .select(['alias', 'version'])
    .where('model', '=', model)
    .orderBy('alias')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.alias, row.version]));
}

export async function modelsAfter(
  db: ReadDatabase,
  query: { after: string; limit: number },
): Promise<ModelRow[]> {
  return db
    .selectFrom('models')
    .selectAll()
    .where('name', '>', query.after)
    .orderBy('name')
    .limit(query.limit)
    .execute();
}

/** Versions with a number below `before`, newest first. */
export async function versionsBefore(
  db: ReadDatabase,
  query: { model: string; before: number; limit: number },
): Promise<ModelVersion[]> {
  const rows = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('model', '=', query.model)
    .where('number', '<', query.before)
    .orderBy('number', 'desc')
    .limit(query.limit)
    .execute();
  return rows.map(toVersion);
}
