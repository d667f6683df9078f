import { AppError } from '../base/app-error.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { ModelRow, ModelVersionRow } from '../storage/database/tables/registry.ts';
import { checkModelName, versionNumber } from './registry-names.ts';

/** The columns of a version that MLflow's clients see; the large ones stay where they are. */
export const RECORD_COLUMNS = [
  'model',
  'number',
  'version',
  'digest',
  'origin',
  'run_id',
  'source_run_id',
  'source',
  'model_id',
  'run_link',
  'description',
  'stage',
  'state',
  'reason',
  'created_at_ms',
  'updated_at_ms',
] as const;

/** A version as MLflow's clients see it. */
export type VersionRecord = Pick<ModelVersionRow, (typeof RECORD_COLUMNS)[number]> & {
  tags: Record<string, string>;
  aliases: string[];
};

/** A model as MLflow's clients see it: `latest` holds the newest version of each stage. */
export type ModelRecord = ModelRow & {
  tags: Record<string, string>;
  aliases: { alias: string; version: string }[];
  latest: VersionRecord[];
};

type BareVersion = Omit<VersionRecord, 'tags' | 'aliases'>;

/** Throws RESOURCE_DOES_NOT_EXIST, or INVALID_PARAMETER_VALUE for what cannot be a name. */
export async function requireModel(db: ReadDatabase, name: string): Promise<ModelRow> {
  checkModelName(name);
  const row = await db.selectFrom('models').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  throw new AppError('RESOURCE_DOES_NOT_EXIST', `Registered Model with name=${name} not found`);
}

/** A version by its number, as text. Throws RESOURCE_DOES_NOT_EXIST or INVALID_PARAMETER_VALUE. */
export async function requireRecord(
  db: ReadDatabase,
  name: string,
  version: string,
): Promise<BareVersion> {
  checkModelName(name);
  const row = await db
    .selectFrom('model_versions')
    .select(RECORD_COLUMNS)
    .where('model', '=', name)
    .where('number', '=', versionNumber(version))
    .executeTakeFirst();
  if (row) return row;
  throw new AppError(
    'RESOURCE_DOES_NOT_EXIST',
    `Model Version (name=${name}, version=${version}) not found`,
  );
}

/** Completes versions with their tags and, where MLflow's server tells them, with the aliases that point at them. */
export async function withTags(
  db: ReadDatabase,
  rows: readonly BareVersion[],
  aliases: 'with aliases' | 'without',
): Promise<VersionRecord[]> {
  if (rows.length === 0) return [];
  const tags = new Map<string, Record<string, string>>();
  const pointing = new Map<string, string[]>();
  for (const models of chunks([...new Set(rows.map((row) => row.model))])) {
    for (const tag of await db
      .selectFrom('model_version_tags')
      .selectAll()
      .where('model', 'in', models)
      .orderBy('key')
      .execute()) {
      const key = `${tag.model}/${tag.number}`;
      tags.set(key, { ...tags.get(key), [tag.key]: tag.value });
    }
    if (aliases === 'without') continue;
    for (const alias of await db
      .selectFrom('model_aliases')
      .selectAll()
      .where('model', 'in', models)
      .orderBy('alias')
      .execute()) {
      const key = `${alias.model}/${alias.version}`;
      pointing.set(key, [...(pointing.get(key) ?? []), alias.alias]);
    }
  }
  return rows.map((row) => ({
    ...row,
    tags: tags.get(`${row.model}/${row.number}`) ?? {},
    aliases: pointing.get(`${row.model}/${row.version}`) ?? [],
  }));
}

/** A version with tags and aliases. Throws as `requireRecord`. */
export async function readRecord(
  db: ReadDatabase,
  name: string,
  version: string,
): Promise<VersionRecord> {
  const [record] = await withTags(db, [await requireRecord(db, name, version)], 'with aliases');
  if (record) return record;
  throw new AppError('INTERNAL', `Version ${version} of ${name} was read and is gone.`);
}

/** The newest version of each stage of models, by name and number. */
export async function latestOf(
  db: ReadDatabase,
  models: readonly string[],
  aliases: 'with aliases' | 'without',
): Promise<VersionRecord[]> {
  const rows: BareVersion[] = [];
  for (const chunk of chunks([...models])) {
    const newest = db
      .selectFrom('model_versions')
      .select((eb) => ['model as m', eb.fn.max('number').as('n')])
      .where('model', 'in', chunk)
      .groupBy(['model', 'stage'])
      .as('newest');
    rows.push(
      ...(await db
        .selectFrom('model_versions')
        .innerJoin(newest, (join) =>
          join
            .onRef('newest.m', '=', 'model_versions.model')
            .onRef('newest.n', '=', 'model_versions.number'),
        )
        .select(RECORD_COLUMNS)
        .orderBy('model')
        .orderBy('number')
        .execute()),
    );
  }
  return withTags(db, rows, aliases);
}

/** Completes models with tags, aliases and their latest versions. */
export async function completeModels(
  db: ReadDatabase,
  rows: readonly ModelRow[],
): Promise<ModelRecord[]> {
  const names = rows.map((row) => row.name);
  const latest = await latestOf(db, names, 'without');
  const tags: { model: string; key: string; value: string }[] = [];
  const aliases: { model: string; alias: string; version: string }[] = [];
  for (const chunk of chunks(names)) {
    tags.push(
      ...(await db
        .selectFrom('model_tags')
        .selectAll()
        .where('model', 'in', chunk)
        .orderBy('key')
        .execute()),
    );
    aliases.push(
      ...(await db
        .selectFrom('model_aliases')
        .select(['model', 'alias', 'version'])
        .where('model', 'in', chunk)
        .orderBy('alias')
        .execute()),
    );
  }
  const byModel = <T extends { model: string }>(items: readonly T[]): Map<string, T[]> =>
    Map.groupBy(items, (item) => item.model);
  const [tagsOf, aliasesOf, latestOfModel] = [byModel(tags), byModel(aliases), byModel(latest)];
  return rows.map((row) => ({
    ...row,
    tags: Object.fromEntries((tagsOf.get(row.name) ?? []).map((tag) => [tag.key, tag.value])),
    aliases: (aliasesOf.get(row.name) ?? []).map(({ alias, version }) => ({ alias, version })),
    latest: latestOfModel.get(row.name) ?? [],
  }));
}

/** A model with all that belongs to it. Throws as `requireModel`. */
export async function readModel(db: ReadDatabase, name: string): Promise<ModelRecord> {
  const [record] = await completeModels(db, [await requireModel(db, name)]);
  if (record) return record;
  throw new AppError('INTERNAL', `The model ${name} was read and is gone.`);
}

/** Tags of a model. */
export async function modelTags(db: ReadDatabase, name: string): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('model_tags')
    .select(['key', 'value'])
    .where('model', '=', name)
    .execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.value]));
}

export async function setModelTags(
  tx: Transaction,
  model: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ model, key, value }));
  for (const chunk of chunks(rows)) {
    await tx
      .insertInto('model_tags')
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .columns(['model', 'key'])
          .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute();
  }
}

export async function setVersionTags(
  tx: Transaction,
  version: { model: string; number: number },
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const { model, number } = version;
  const rows = Object.entries(tags).map(([key, value]) => ({ model, number, key, value }));
  for (const chunk of chunks(rows)) {
    await tx
      .insertInto('model_version_tags')
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .columns(['model', 'number', 'key'])
          .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute();
  }
}

/** Notes that a model changed: its `last_updated_timestamp`. */
export async function touchModel(tx: Transaction, name: string, atMs: number): Promise<void> {
  await tx.updateTable('models').set({ updated_at_ms: atMs }).where('name', '=', name).execute();
}

/**
 * Remembers how far a model's numbers went, so that a model of that name made anew goes on from there: gates, releases
 * and predictions speak of its versions by number.
 */
export async function keepNumbers(tx: Transaction, name: string): Promise<void> {
  const { last_number } = await requireModel(tx, name);
  await tx
    .insertInto('model_numbers')
    .values({ name, last_number })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ last_number }))
    .execute();
}

/** Lists short enough for one statement. */
function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += 500) parts.push(items.slice(at, at + 500));
  return parts;
}
