import { posix } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import { MODEL_FILE } from '../../contract/model-folder.ts';
import { extractDetails, type Produced } from '../../contract/produced.ts';
import type { FeatureSource } from '../../contract/route-table.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { readTree, type TreeEntry } from '../../storage/blobs/tree.ts';
import {
  expandTensor,
  parseMlModelFile,
  resolveFeatures,
  type MlModelFile,
} from '../ml-model-file.ts';
import type { ModelVersion } from '../model-version.ts';
import { isClassifier, readOnnxValues } from '../onnx-file.ts';
import { insertVersion, versionOfRun } from '../registry-store.ts';

/**
 * Registers what a run produced as the model's next version, with the signature and features its folder names; event
 * `model.version-registered`. The same run gives the same version however often it is called.
 * Throws `MODEL_INVALID`, `MODEL_SIGNATURE_MISSING` or `MODEL_FEATURE_UNKNOWN` for a folder that cannot be served.
 */
export async function registerVersion(
  ctx: Pick<Context, 'db' | 'blobs' | 'clocks' | 'ids' | 'bus'>,
  input: { runId: string; produced: Produced },
): Promise<ModelVersion> {
  const { runId, produced } = input;
  const known = await versionOfRun(ctx.db, produced.model, runId);
  if (known) return known;
  const description = await describeFolder(ctx, produced);
  return ctx.db.transaction().execute(async (tx) => {
    const raced = await versionOfRun(tx, produced.model, runId);
    if (raced) return raced;
    const version = await insertVersion(tx, {
      model: produced.model,
      digest: produced.modelTree,
      origin: 'pipeline',
      runId,
      sourceRunId: runId,
      state: 'candidate',
      reason: null,
      metrics: produced.metrics,
      produced,
      createdAtMs: ctx.clocks.calendar.nowMs(),
      ...description,
    });
    await appendEvent(ctx, tx, {
      type: 'model.version-registered',
      subject: { kind: 'model', id: version.model },
      data: {
        model: version.model,
        version: version.version,
        digest: version.digest,
        runId,
        metrics: version.metrics,
        features: version.features.map((feature) => ({ ...feature })),
      },
    });
    return version;
  });
}

/** Signature, features and positive class of a model folder. Throws what `registerVersion` throws for one. */
export async function describeFolder(
  ctx: Pick<Context, 'blobs'>,
  produced: Produced,
): Promise<Pick<ModelVersion, 'signature' | 'features' | 'positiveClass' | 'format'>> {
  const tree = await readTree(ctx.blobs, produced.modelTree);
  const file = parseMlModelFile(
    Buffer.from(await ctx.blobs.read(entry(tree, MODEL_FILE).digest)).toString('utf8'),
  );
  const { signature, positiveClass } =
    file.run.format === 'onnx'
      ? describeOnnx(file, await ctx.blobs.read(entry(tree, posix.normalize(file.run.file)).digest))
      : describePython(file, file.run.predictFunction);
  return {
    signature,
    features: resolveFeatures(file, signature, joinedFeatures(produced)),
    positiveClass: file.positiveClass === undefined ? positiveClass : file.positiveClass,
    format: file.run.format,
  };
}

type Described = Pick<ModelVersion, 'signature' | 'positiveClass'>;

function describeOnnx(file: MlModelFile, bytes: Uint8Array): Described {
  const onnx = readOnnxValues(bytes);
  const signature =
    file.signature ??
    onnx.inputs.flatMap((input) => expandTensor(input.name, input.dtype, input.shape));
  if (signature.length === 0) {
    throw new AppError(
      'MODEL_SIGNATURE_MISSING',
      'Neither MLmodel nor the ONNX file names the inputs of the model.',
    );
  }
  return { signature, positiveClass: isClassifier(onnx.outputs) ? 1 : null };
}

/** MLflow's `predict` is the contract: it gives probabilities only where the model was saved to. */
function describePython(file: MlModelFile, predictFunction: string): Described {
  if (file.signature === null || file.signature.length === 0) {
    throw new AppError(
      'MODEL_SIGNATURE_MISSING',
      'MLmodel has no signature: save the model with signature=infer_signature(X, y).',
    );
  }
  return {
    signature: file.signature,
    positiveClass: predictFunction === 'predict_proba' ? 1 : null,
  };
}

function entry(tree: readonly TreeEntry[], path: string): TreeEntry {
  const found = tree.find((candidate) => candidate.path === path);
  if (found) return found;
  const names =
    tree
      .slice(0, 10)
      .map((candidate) => candidate.path)
      .join(', ') || 'nothing';
  throw new AppError(
    'MODEL_INVALID',
    `The model folder has no file "${path}"; it holds: ${names}.`,
  );
}

/** Feature columns of every extract step of the run. */
export function joinedFeatures(produced: Produced): FeatureSource[] {
  return Object.values(produced.details).flatMap((detail) => {
    const parsed = extractDetails.safeParse(detail);
    return parsed.success ? parsed.data.features : [];
  });
}
