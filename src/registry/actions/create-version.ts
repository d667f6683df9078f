import { AppError } from '../../base/app-error.ts';
import { produced as producedSchema, type Produced } from '../../contract/produced.ts';
import type { Context } from '../../context.ts';
import { putTreeEntries } from '../../storage/blobs/tree.ts';
import { appendModelEvent } from '../model-event.ts';
import type { ModelVersion } from '../model-version.ts';
import {
  modelTags,
  readRecord,
  requireModel,
  setVersionTags,
  type VersionRecord,
} from '../registered-model-store.ts';
import { checkModelName, invalid, isPrompt, tagsOf } from '../registry-names.ts';
import { insertVersion } from '../registry-store.ts';
import { resolveSource, type ResolvedSource } from '../resolve-source.ts';
import { describeFolder } from './register-version.ts';

/** Prompts have no files; their clients send one of these. */
const PROMPT_SOURCES: readonly string[] = ['dummy-source', 'prompt-template'];

/**
 * Registers a version for a client: its files are taken from where `source` says, by digest, so that later changes
 * there are no changes of it; event `model.version-registered`. It is no candidate: a version of a step's run becomes
 * one when its run succeeds, every other never does. Throws INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST.
 */
export async function createVersion(
  ctx: Pick<Context, 'db' | 'blobs' | 'clocks' | 'ids' | 'bus'>,
  input: {
    name: string;
    source: string;
    runId?: string | undefined;
    modelId?: string | undefined;
    runLink?: string | undefined;
    description?: string | undefined;
    tags: readonly { key: string; value: string }[];
  },
): Promise<VersionRecord> {
  const { name } = input;
  checkModelName(name);
  const tags = tagsOf(input.tags);
  const prompt = isPrompt(tags);
  const found = prompt ? promptSource(input.source) : await resolveSource(ctx, given(input));
  await requireModel(ctx.db, name);
  const { digest } = await putTreeEntries(ctx.blobs, found.files);
  const produced = producedSchema.parse({ model: name, modelTree: digest });
  const making = await whatMade(ctx, found.runId);
  const description = await describeOrNothing(ctx, produced);
  return ctx.db.transaction().execute(async (tx) => {
    await requireModel(tx, name);
    const inPrompt = prompt || isPrompt(await modelTags(tx, name));
    const version = await insertVersion(tx, {
      model: name,
      digest,
      origin: making.origin,
      runId: null,
      sourceRunId: found.runId,
      state: 'registered',
      reason: inPrompt ? null : making.reason,
      source: found.source,
      modelId: found.modelId,
      runLink: input.runLink ?? null,
      description: input.description ?? null,
      metrics: making.metrics,
      produced,
      createdAtMs: ctx.clocks.calendar.nowMs(),
      ...description,
    });
    await setVersionTags(tx, { model: name, number: version.number }, tags);
    await appendModelEvent(ctx, tx, {
      type: 'model.version-registered',
      model: name,
      data: {
        version: version.version,
        digest,
        origin: making.origin,
        runId: null,
        sourceRun: found.runId,
        source: found.source,
        metrics: making.metrics,
        features: [],
        tags,
        description: input.description ?? null,
        prompt: inPrompt,
      },
    });
    return readRecord(tx, name, version.version);
  });
}

function given(input: {
  source: string;
  runId?: string | undefined;
  modelId?: string | undefined;
}): Parameters<typeof resolveSource>[1] {
  return {
    source: input.source,
    runId: input.runId === '' ? undefined : input.runId,
    modelId: input.modelId === '' ? undefined : input.modelId,
  };
}

function promptSource(source: string): ResolvedSource {
  if (PROMPT_SOURCES.includes(source)) return { source, runId: null, modelId: null, files: [] };
  throw invalid(
    `Invalid prompt source: '${source}'. Prompt sources must use an MLflow placeholder.`,
  );
}

type Making = Pick<ModelVersion, 'origin' | 'reason' | 'metrics'>;

/** Whether a pipeline's run, a client's own, or none that is known made the version. */
async function whatMade(ctx: Pick<Context, 'db'>, runId: string | null): Promise<Making> {
  const run =
    runId === null
      ? undefined
      : await ctx.db
          .selectFrom('runs')
          .select(['run_id', 'origin', 'status'])
          .where('run_id', '=', runId)
          .executeTakeFirst();
  if (!run) {
    return {
      origin: 'orphan',
      reason:
        'Orphan: no run produced it. It can be loaded, and is never promoted: a version goes to champion through a pipeline run, gates and a release.',
      metrics: {},
    };
  }
  const rows = await ctx.db
    .selectFrom('latest_metrics')
    .select(['key', 'value'])
    .where('run_id', '=', run.run_id)
    .where('is_nan', '=', 0)
    .orderBy('key')
    .execute();
  const metrics = Object.fromEntries(rows.map((row) => [row.key, row.value]));
  if (run.origin === 'pipeline' && run.status === 'RUNNING') {
    return {
      origin: 'pipeline',
      reason: `Registered by the step's run ${run.run_id}: it becomes a candidate when the pipeline run succeeds.`,
      metrics,
    };
  }
  return {
    origin: 'ad-hoc',
    reason: `Ad hoc: it comes from the client's run ${run.run_id} and not from a pipeline. It can be loaded, and is never promoted: a version goes to champion through a pipeline run, gates and a release.`,
    metrics,
  };
}

/** What can be told of the folder; a model that no gateway could serve is registered all the same. */
async function describeOrNothing(
  ctx: Pick<Context, 'blobs'>,
  produced: Produced,
): Promise<Awaited<ReturnType<typeof describeFolder>>> {
  try {
    return await describeFolder(ctx, produced);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { format: 'onnx', signature: [], features: [], positiveClass: null };
  }
}
