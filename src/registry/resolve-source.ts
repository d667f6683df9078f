import { AppError } from '../base/app-error.ts';
import type { Context } from '../context.ts';
import { readTree, type TreeEntry } from '../storage/blobs/tree.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import { findLoggedModel } from '../tracking/logged-models-store.ts';
import { findTrackedRun } from '../tracking/tracking-store.ts';
import { parseModelSource, wrongOwner, type ModelAddress } from './model-source.ts';
import { latestOf, modelTags, requireModel, requireRecord } from './registered-model-store.ts';
import { invalid, isPrompt, stageOf } from './registry-names.ts';
import { findAlias } from './registry-store.ts';
import { trackedFiles } from './source-files.ts';

/** What a new version is made of. */
export type ResolvedSource = {
  /** As it is stored: an alias or stage in it is a number now. */
  source: string;
  runId: string | null;
  modelId: string | null;
  /** Empty for what this server does not hold. */
  files: TreeEntry[];
};

type Ctx = Pick<Context, 'db' | 'blobs'>;
type Given = { source: string; runId: string | undefined; modelId: string | undefined };

/**
 * Finds what a client's `source` means. The run or logged model that the request names must hold it, as MLflow's server
 * asks. Throws INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST.
 */
export async function resolveSource(ctx: Ctx, given: Given): Promise<ResolvedSource> {
  const source = parseModelSource(given.source);
  if (source.kind === 'model' && source.address.kind !== 'logged')
    return resolveVersion(ctx, given, source.address);
  const model = given.modelId ? await findLoggedModel(ctx.db, given.modelId) : undefined;
  const found = {
    source: given.source,
    runId: given.runId ?? model?.source_run_id ?? null,
    modelId: given.modelId ?? null,
  };
  switch (source.kind) {
    case 'model': {
      const { modelId } = source.address as Extract<ModelAddress, { kind: 'logged' }>;
      if (modelId !== given.modelId) throw wrongOwner(given.source, 'model_id');
      return { ...found, files: await trackedFiles(ctx, modelId, '') };
    }
    case 'run': {
      if (given.modelId !== undefined) throw wrongOwner(given.source, 'model_id');
      if (source.runId !== given.runId) throw wrongOwner(given.source, 'run_id');
      return { ...found, files: await runFolder(ctx, source.runId, source.path) };
    }
    case 'artifacts': {
      const owner = model
        ? { id: model.model_id, uri: model.artifact_location }
        : await runOwner(ctx, given.runId);
      const root = owner?.uri.replace(/^mlflow-artifacts:\/+/, '');
      if (!owner || !root || (source.path !== root && !source.path.startsWith(`${root}/`)))
        throw wrongOwner(given.source, given.modelId === undefined ? 'run_id' : 'model_id');
      const folder = source.path.slice(root.length + 1);
      return { ...found, files: await trackedFiles(ctx, owner.id, folder) };
    }
    case 'elsewhere':
      return { ...found, files: [] };
  }
}

/** A version made of another: it inherits where that one came from, and the request may not say otherwise. */
async function resolveVersion(
  ctx: Ctx,
  given: Given,
  address: Exclude<ModelAddress, { kind: 'logged' }>,
): Promise<ResolvedSource> {
  await requireModel(ctx.db, address.name);
  if (isPrompt(await modelTags(ctx.db, address.name))) {
    throw invalid(
      `Invalid model version source: '${given.source}'. Prompt versions cannot be used as model version sources.`,
    );
  }
  const record = await requireRecord(ctx.db, address.name, await numberOf(ctx, address));
  if (
    (given.runId !== undefined && given.runId !== (record.source_run_id ?? '')) ||
    (given.modelId !== undefined && given.modelId !== (record.model_id ?? ''))
  ) {
    throw invalid(
      `Invalid model version source: '${given.source}'. The run_id and model_id request parameters must match the referenced model version.`,
    );
  }
  return {
    source: `models:/${record.model}/${record.version}`,
    runId: record.source_run_id,
    modelId: record.model_id,
    files: await readTree(ctx.blobs, record.digest as Digest),
  };
}

async function numberOf(
  ctx: Ctx,
  address: Exclude<ModelAddress, { kind: 'logged' }>,
): Promise<string> {
  const { name } = address;
  if (address.kind === 'version') return address.version;
  if (address.kind === 'alias') {
    const version = await findAlias(ctx.db, name, address.alias);
    if (version === undefined) throw invalid(`Registered model alias ${address.alias} not found.`);
    return version;
  }
  const stage = address.kind === 'stage' ? stageOf(address.stage) : undefined;
  const newest = (await latestOf(ctx.db, [name], 'without')).findLast(
    (version) => stage === undefined || version.stage === stage,
  );
  if (newest) return newest.version;
  const which = stage === undefined ? '' : ` and stage '${stage}'`;
  throw new AppError(
    'RESOURCE_DOES_NOT_EXIST',
    `No versions of model with name '${name}'${which} found`,
  );
}

/** Files a run logged under a path; where it has none, those of the logged model it made under that name. */
async function runFolder(ctx: Ctx, runId: string, path: string): Promise<TreeEntry[]> {
  const own = await trackedFiles(ctx, runId, path);
  if (own.length > 0 || path === '') return own;
  const [name = '', ...folder] = path.split('/');
  const model = await ctx.db
    .selectFrom('logged_models')
    .select('model_id')
    .where('source_run_id', '=', runId)
    .where('name', '=', name)
    .where('lifecycle_stage', '=', 'active')
    .orderBy('created_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return model ? trackedFiles(ctx, model.model_id, folder.join('/')) : [];
}

async function runOwner(
  ctx: Pick<Context, 'db'>,
  runId: string | undefined,
): Promise<{ id: string; uri: string } | undefined> {
  const run = runId === undefined ? undefined : await findTrackedRun(ctx.db, runId);
  return run && { id: run.run_id, uri: run.artifact_uri };
}
