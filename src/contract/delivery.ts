import { z } from 'zod';
import { featureSource, modelFormat, signatureColumn } from './route-table.ts';

export const modelSummary = z.object({
  model: z.string(),
  versions: z.number().int(),
  aliases: z.record(z.string(), z.string()),
  createdAtMs: z.number(),
});
export type ModelSummary = z.infer<typeof modelSummary>;

export const versionSummary = z.object({
  model: z.string(),
  version: z.string(),
  state: z.string(),
  /** Why it is in this state. */
  reason: z.string().nullable(),
  /** `pipeline`; `ad-hoc` (a client's own run made it) or `orphan` (no run did): never promoted. */
  origin: z.enum(['pipeline', 'ad-hoc', 'orphan']),
  runId: z.string().nullable(),
  digest: z.string(),
  metrics: z.record(z.string(), z.number()),
  createdAtMs: z.number(),
});
export type VersionSummary = z.infer<typeof versionSummary>;

export const gateVerdict = z.object({
  kind: z.string(),
  outcome: z.enum(['passed', 'refused']),
  reason: z.string(),
  settings: z.record(z.string(), z.unknown()),
  evidence: z.record(z.string(), z.unknown()),
  eventId: z.string(),
  atMs: z.number(),
});

export const versionDetail = versionSummary.extend({
  /** What runs it in the gateway. */
  format: modelFormat,
  signature: z.array(signatureColumn),
  features: z.array(featureSource),
  gates: z.array(gateVerdict),
});
export type VersionDetail = z.infer<typeof versionDetail>;

export const releaseSummary = z.object({
  releaseId: z.string(),
  endpoint: z.string(),
  model: z.string(),
  version: z.string(),
  champion: z.string().nullable(),
  state: z.string(),
  stage: z.string(),
  share: z.number(),
  reason: z.string(),
  decisions: z.number().int(),
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
});
export type ReleaseSummary = z.infer<typeof releaseSummary>;

export const replayResult = z.object({
  releaseId: z.string(),
  decisions: z.number().int(),
  identical: z.boolean(),
  difference: z
    .object({ sequence: z.number(), eventId: z.string(), stored: z.string(), computed: z.string() })
    .nullable(),
  course: z.array(z.string()),
});
export type ReplayResult = z.infer<typeof replayResult>;

export const rollbackOrder = z.object({
  to: z.string().optional().describe('Put this earlier champion back; the one before unless given'),
  reason: z.string().min(1).default('ordered by a person'),
});

export const rollbackResult = z.object({
  endpoint: z.string(),
  /** What was taken back, and what serves now. */
  from: z.string(),
  to: z.string(),
  releaseId: z.string(),
  /** `pending`: the gateway did not answer and is told as soon as it does. */
  gateway: z.enum(['applied', 'pending']),
});
export type RollbackResult = z.infer<typeof rollbackResult>;
