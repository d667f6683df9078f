import { z } from 'zod';
import { page, pageQuery } from './common.ts';

export const runCause = z.object({
  kind: z.string(),
  text: z.string(),
  /** Where the cause can be read: an alarm, a dataset version. */
  to: z.string().nullable(),
});

export const runItem = z.object({
  /** `ad hoc`: logged by an MLflow client outside every pipeline; `pipeline` then holds the run's name. */
  kind: z.enum(['pipeline', 'ad hoc']),
  runId: z.string(),
  pipeline: z.string(),
  state: z.string(),
  cause: runCause,
  createdMs: z.number(),
  startedMs: z.number().nullable(),
  endedMs: z.number().nullable(),
  /** Real time it took; the calendar stands still during a run when it is replayed. */
  durationMs: z.number().nullable(),
  steps: z.object({ total: z.number(), done: z.number(), cached: z.number() }),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  metrics: z.record(z.string(), z.number()),
  produced: z.object({ model: z.string(), version: z.string() }).nullable(),
  failure: z.string().nullable(),
});
export type RunItem = z.infer<typeof runItem>;

export const runsQuery = pageQuery.extend({
  pipeline: z.string().optional(),
  state: z.string().optional(),
  cause: z.string().optional(),
  /** Text in the id, the pipeline or the cause. */
  text: z.string().optional(),
});
export const runsView = page(runItem).extend({
  total: z.number(),
  pipelines: z.array(z.string()),
});
export type RunsView = z.infer<typeof runsView>;

export const attemptView = z.object({
  number: z.number(),
  state: z.string(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  /** Real time it took. */
  durationMs: z.number().nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  executor: z.string(),
  reason: z.string().nullable(),
});

export const artifactView = z.object({
  name: z.string(),
  digest: z.string().nullable(),
  kind: z.string(),
  sizeBytes: z.number().nullable(),
});

export const stepView = z.object({
  name: z.string(),
  state: z.string(),
  /** The command, or the built-in step's name. */
  command: z.string(),
  needs: z.array(z.string()),
  cached: z.boolean(),
  /** Run whose result was reused. */
  cachedFrom: z.string().nullable(),
  durationMs: z.number().nullable(),
  attempts: z.array(attemptView),
  inputs: z.array(artifactView),
  outputs: z.array(artifactView),
});
export type StepView = z.infer<typeof stepView>;

export const runView = z.object({
  run: runItem,
  /** The code it ran: a deployed commit, the working tree beside one, or the project's files where none is deployed. */
  code: z.object({ commit: z.string().nullable(), workingTree: z.boolean() }),
  /** The verdict: what happened and why, in one sentence. */
  sentence: z.string(),
  steps: z.array(stepView),
  metrics: z.array(z.object({ step: z.string().nullable(), name: z.string(), value: z.number() })),
  failure: z
    .object({
      step: z.string().nullable(),
      code: z.string().nullable(),
      reason: z.string(),
    })
    .nullable(),
});
export type RunView = z.infer<typeof runView>;
