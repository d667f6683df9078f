import { z } from 'zod';

/** One column of a model's input, in the order the model wants it. */
export const signatureColumn = z.object({
  name: z.string(),
  /** MLflow's column types. */
  type: z.enum(['boolean', 'integer', 'long', 'float', 'double', 'string', 'datetime']),
  required: z.boolean().default(true),
});
export type SignatureColumn = z.infer<typeof signatureColumn>;

/** Where a feature column comes from when a request names entities instead of values. */
export const featureSource = z.object({
  /** Column of the model's signature. */
  column: z.string(),
  view: z.string(),
  /** `sha256:` of the view's definition; a value of another definition is never served. */
  viewDigest: z.string(),
  /** Column of the view. */
  feature: z.string(),
  /** Field of the request that holds the entity key. */
  entity: z.string(),
  ttlMs: z.number(),
});
export type FeatureSource = z.infer<typeof featureSource>;

export const modelFormat = z.enum(['onnx', 'python-function']);
export type ModelFormatName = z.infer<typeof modelFormat>;

export const routedModel = z.object({
  name: z.string(),
  version: z.string(),
  /** Folder with `MLmodel`, absolute. */
  path: z.string(),
  /** What runs it: ONNX Runtime in the gateway, or MLflow's `python_function` in a Python process of its own. */
  format: modelFormat.default('onnx'),
  /** The interpreter of a `python-function`: a path or a command; null: `python3`. */
  python: z.string().nullable().default(null),
  digest: z.string(),
  signature: z.array(signatureColumn),
  features: z.array(featureSource),
  /** What the score is: the index of the positive class in the probabilities, or null for a regression. */
  positiveClass: z.number().int().nullable(),
});
export type RoutedModel = z.infer<typeof routedModel>;

/** A release as the gateway sees it. Both models score every request; `share` of the units get the challenger's answer. */
export const routedRelease = z.object({
  id: z.string(),
  challenger: z.string(),
  /** `shadow`: share 0. */
  stage: z.string(),
  share: z.number().min(0).max(1),
  /** Assignment: SHA-256 of salt and unit, so that a unit keeps its arm while the share grows. */
  salt: z.string(),
  /** The champion's p95 frozen before the start, in microseconds; slower answers are `slow` events. */
  slowUs: z.number().nullable(),
  /** The gateway's own rollback rule on errors: E_worse >= 1/alphaErrors. */
  alphaErrors: z.number(),
});
export type RoutedRelease = z.infer<typeof routedRelease>;

export const routedEndpoint = z.object({
  name: z.string(),
  model: z.string(),
  /** `request` or a field of the request. */
  assignBy: z.string(),
  /** Version at 100 %; null until the first promotion. */
  champion: z.string().nullable(),
  release: routedRelease.nullable(),
});
export type RoutedEndpoint = z.infer<typeof routedEndpoint>;

/** All the gateway needs to answer without the server: kept on its disk, replaced as a whole. */
export const routeTable = z.object({
  version: z.number().int(),
  calendar: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('real') }),
    /** Requests may carry their own instant (header `rondo-calendar-time`, ms) within [nowMs, untilMs). */
    z.object({ kind: z.literal('replayed'), nowMs: z.number(), untilMs: z.number() }),
  ]),
  models: z.array(routedModel),
  endpoints: z.array(routedEndpoint),
});
export type RouteTable = z.infer<typeof routeTable>;

/** Latest feature values, server to gateway. A value of null is a value (known to be missing). */
export const featureUpdate = z.object({
  view: z.string(),
  viewDigest: z.string(),
  rows: z.array(
    z.object({
      key: z.string(),
      eventMs: z.number(),
      availableMs: z.number(),
      values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
    }),
  ),
});
export type FeatureUpdate = z.infer<typeof featureUpdate>;
