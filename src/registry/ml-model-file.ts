import { parse } from 'yaml';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { messageOf } from '../base/message-of.ts';
import type { FeatureSource, SignatureColumn } from '../contract/route-table.ts';

const featureReference = z.object({
  view: z.string(),
  feature: z.string(),
  entity: z.string().optional(),
});

const mlModelFile = z.looseObject({
  flavors: z.looseObject({
    onnx: z.looseObject({ data: z.string() }).optional(),
    python_function: z.looseObject({ predict_fn: z.string().nullish() }).optional(),
  }),
  signature: z
    .looseObject({ inputs: z.string().nullish(), outputs: z.string().nullish() })
    .nullish(),
  metadata: z
    .looseObject({
      features: z.record(z.string(), featureReference).optional(),
      positive_class: z.number().int().nullable().optional(),
    })
    .nullish(),
});

const columnSpec = z.object({
  name: z.string(),
  type: z.enum(['boolean', 'integer', 'long', 'float', 'double', 'string', 'datetime']),
  required: z.boolean().default(true),
});
const tensorSpec = z.object({
  type: z.literal('tensor'),
  name: z.string().optional(),
  'tensor-spec': z.object({ dtype: z.string(), shape: z.array(z.number()) }),
});

/** What an `MLmodel` file says that Rondo uses. */
export type MlModelFile = {
  /** What runs it: an ONNX file, named by its path inside the folder, where there is one. */
  run:
    | { format: 'onnx'; file: string }
    /** `predictFunction`: what of a scikit-learn model MLflow calls. */
    | { format: 'python-function'; predictFunction: string };
  /** Null when the file has no column signature: an ONNX file is asked instead. */
  signature: SignatureColumn[] | null;
  featureReferences: Record<string, { view: string; feature: string; entity?: string | undefined }>;
  positiveClass: number | null | undefined;
};

const TENSOR_TYPES: Record<string, SignatureColumn['type']> = {
  float32: 'float',
  float64: 'double',
  int32: 'integer',
  int64: 'long',
  bool: 'boolean',
  str: 'string',
  object: 'string',
};

/**
 * Reads the text of an `MLmodel` file (YAML; the signature is JSON text inside it, contract of MLflow).
 * Throws `MODEL_INVALID` when it is not one or has no flavour that can be served.
 */
export function parseMlModelFile(text: string): MlModelFile {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new AppError('MODEL_INVALID', `MLmodel is not YAML: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const file = mlModelFile.safeParse(content);
  if (!file.success) {
    throw new AppError('MODEL_INVALID', `MLmodel: ${z.prettifyError(file.error)}`);
  }
  const { flavors, signature, metadata } = file.data;
  const { onnx, python_function: python } = flavors;
  if (!onnx && !python) {
    const known = Object.keys(flavors).join(', ') || 'none';
    throw new AppError(
      'MODEL_INVALID',
      `MLmodel has neither the flavour onnx nor python_function, which the gateway serves; it has: ${known}.`,
    );
  }
  return {
    run: onnx
      ? { format: 'onnx', file: onnx.data }
      : { format: 'python-function', predictFunction: python?.predict_fn ?? 'predict' },
    signature: typeof signature?.inputs === 'string' ? parseInputs(signature.inputs) : null,
    featureReferences: metadata?.features ?? {},
    positiveClass: metadata?.positive_class,
  };
}

function parseInputs(text: string): SignatureColumn[] | null {
  let inputs: unknown;
  try {
    inputs = JSON.parse(text);
  } catch (error) {
    throw new AppError(
      'MODEL_INVALID',
      `signature.inputs of MLmodel is not JSON: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const tensors = z.array(tensorSpec).safeParse(inputs);
  if (tensors.success) {
    // One tensor without a name carries no column names: the ONNX file knows no better, so they are numbered.
    return tensors.data.flatMap((tensor) =>
      expandTensor(tensor.name, tensor['tensor-spec'].dtype, tensor['tensor-spec'].shape),
    );
  }
  const columns = z.array(columnSpec).safeParse(inputs);
  if (columns.success) return columns.data;
  throw new AppError(
    'MODEL_INVALID',
    `signature.inputs of MLmodel: ${z.prettifyError(columns.error)}`,
  );
}

/** Columns of a tensor input: `x` for [-1] and [-1, 1], `x0`, `x1`, ... for [-1, n]. */
export function expandTensor(
  name: string | undefined,
  dtype: string,
  shape: readonly number[],
): SignatureColumn[] {
  const type = TENSOR_TYPES[dtype];
  const width = shape[1] ?? 1;
  if (type === undefined || shape.length > 2 || width < 1) {
    throw new AppError(
      'MODEL_SIGNATURE_MISSING',
      `The input ${name ?? '(unnamed)'} is a ${dtype} tensor of shape [${shape.join(', ')}]; rows of columns are served.`,
    );
  }
  const base = name ?? 'x';
  if (width === 1) return [{ name: base, type, required: true }];
  return Array.from({ length: width }, (_, index) => ({
    name: `${base}${index}`,
    type,
    required: true,
  }));
}

/**
 * Where each feature column comes from: as `metadata.features` says, else by name, `VIEW_FEATURE` of a view that the
 * extract step joined. Throws `MODEL_FEATURE_UNKNOWN` for a view that the run did not join.
 */
export function resolveFeatures(
  file: MlModelFile,
  signature: readonly SignatureColumn[],
  joined: readonly FeatureSource[],
): FeatureSource[] {
  const features: FeatureSource[] = [];
  for (const { name } of signature) {
    const reference = file.featureReferences[name];
    if (!reference) {
      const source = joined.find((candidate) => candidate.column === name);
      if (source) features.push(source);
      continue;
    }
    const source = joined.find((candidate) => candidate.view === reference.view);
    if (!source) {
      const known = [...new Set(joined.map((candidate) => candidate.view))].join(', ') || 'none';
      throw new AppError(
        'MODEL_FEATURE_UNKNOWN',
        `Column ${name} names the feature view "${reference.view}", which the run did not join; it joined: ${known}.`,
      );
    }
    features.push({
      ...source,
      column: name,
      feature: reference.feature,
      entity: reference.entity ?? source.entity,
    });
  }
  return features;
}
