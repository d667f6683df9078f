import { z } from 'zod';
import { estimate, statement } from './common.ts';

export const versionItem = z.object({
  version: z.string(),
  state: z.string(),
  aliases: z.array(z.string()),
  createdMs: z.number(),
  /** `pipeline`; `ad-hoc` (a client's own run made it) or `orphan` (no run did): never promoted. */
  origin: z.enum(['pipeline', 'ad-hoc', 'orphan']),
  runId: z.string().nullable(),
  cause: z.string().nullable(),
  metrics: z.record(z.string(), z.number()),
  /** Why it was refused, promoted or rolled back. */
  reason: z.string().nullable(),
});
export type VersionItem = z.infer<typeof versionItem>;

export const modelItem = z.object({
  model: z.string(),
  champion: versionItem.nullable(),
  latest: versionItem.nullable(),
  versions: z.number(),
  states: z.record(z.string(), z.number()),
  endpoints: z.array(z.string()),
  /** The champion's realised loss, one value a week, oldest first. */
  lossOfWeeks: z.array(z.number().nullable()),
  lossMetric: z.string(),
});
export const modelsView = z.object({ items: z.array(modelItem) });
export type ModelsView = z.infer<typeof modelsView>;

export const lifePoint = z.object({
  startMs: z.number(),
  endMs: z.number(),
  /** Realised loss of whatever served, with its interval. */
  serving: estimate,
  /** Loss of the frozen first model on the same predictions, where it was scored. */
  frozen: z.number().nullable(),
  /** Share of positive labels (or their mean). */
  late: z.number().nullable(),
  enough: z.boolean(),
});
export const lifeMark = z.object({
  atMs: z.number(),
  kind: z.enum(['refused', 'promoted', 'rolled-back', 'expired', 'alarm', 'data', 'release']),
  text: z.string(),
  to: z.string().nullable(),
});
export type LifeMark = z.infer<typeof lifeMark>;

export const modelView = z.object({
  model: z.string(),
  sentence: z.string(),
  champion: z.string().nullable(),
  endpoints: z.array(z.string()),
  lossMetric: z.string(),
  life: z.array(lifePoint),
  marks: z.array(lifeMark),
  versions: z.array(versionItem),
  next: z.string().nullable(),
});
export type ModelView = z.infer<typeof modelView>;

export const gateView = z.object({
  kind: z.string(),
  state: z.string(),
  sentence: z.string(),
  atMs: z.number().nullable(),
  evidence: z.record(z.string(), z.unknown()),
});
export type GateView = z.infer<typeof gateView>;

export const sliceView = z.object({
  slice: z.string(),
  metric: z.string(),
  estimate,
  /** Threshold the gate asks for. */
  min: z.number().nullable(),
  passed: z.boolean().nullable(),
});

export const versionView = z.object({
  model: z.string(),
  item: versionItem,
  sentence: z.string(),
  digest: z.string(),
  gates: z.array(gateView),
  slices: z.array(sliceView),
  signature: z.array(z.object({ name: z.string(), type: z.string(), required: z.boolean() })),
  features: z.array(
    z.object({
      column: z.string(),
      view: z.string(),
      viewDigest: z.string(),
      entity: z.string(),
      ttlMs: z.number(),
    }),
  ),
  lineage: z.array(z.object({ kind: z.string(), text: z.string(), to: z.string().nullable() })),
  history: z.array(statement),
});
export type VersionView = z.infer<typeof versionView>;
