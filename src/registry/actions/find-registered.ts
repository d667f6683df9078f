import type { Context } from '../../context.ts';
import {
  latestOf,
  readModel,
  readRecord,
  requireModel,
  type ModelRecord,
  type VersionRecord,
} from '../registered-model-store.ts';
import { stageOf } from '../registry-names.ts';
import { searchModels, searchVersions, type RegistryQuery } from '../search-registry.ts';

export type { ModelRecord, VersionRecord };

/** A model with tags, aliases and the newest version of each stage. Throws RESOURCE_DOES_NOT_EXIST. */
export async function findModel(ctx: Pick<Context, 'db'>, name: string): Promise<ModelRecord> {
  return readModel(ctx.db, name);
}

/** A version with its tags and aliases. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE. */
export async function findRecord(
  ctx: Pick<Context, 'db'>,
  query: { name: string; version: string },
): Promise<VersionRecord> {
  return readRecord(ctx.db, query.name, query.version);
}

/** The newest version of each stage asked for, or of every stage. Throws RESOURCE_DOES_NOT_EXIST. */
export async function findLatest(
  ctx: Pick<Context, 'db'>,
  query: { name: string; stages: readonly string[] },
): Promise<VersionRecord[]> {
  const stages = new Set<string>(query.stages.map(stageOf));
  await requireModel(ctx.db, query.name);
  const latest = await latestOf(ctx.db, [query.name], 'with aliases');
  return latest.filter((version) => stages.size === 0 || stages.has(version.stage));
}

/** A page of models that fit a filter of MLflow's clients. */
export async function findModels(
  ctx: Pick<Context, 'db'>,
  query: RegistryQuery,
): Promise<{ items: ModelRecord[]; more: boolean }> {
  return searchModels(ctx.db, query);
}

/** A page of versions that fit a filter of MLflow's clients. */
export async function findVersions(
  ctx: Pick<Context, 'db'>,
  query: RegistryQuery,
): Promise<{ items: VersionRecord[]; more: boolean }> {
  return searchVersions(ctx.db, query);
}
