import { z } from 'zod';

/**
 * The checks of a commit. `requirement` is the test of Google's MLOps guide each one makes: G31 and G32 are the project's
 * own tests, G33 to G36 are made by Rondo on a slice of the data.
 */
export const commitCheckKinds = [
  {
    kind: 'bundle',
    requirement: null,
    title: 'rondo.yaml reads and the bundle is made',
  },
  { kind: 'tests', requirement: 'G31, G32', title: "The project's own tests" },
  {
    kind: 'outputs-made',
    requirement: 'G35',
    title: 'Every pipeline runs on a slice and makes its outputs',
  },
  {
    kind: 'steps-fit',
    requirement: 'G36',
    title: "Outputs of steps fit the next steps' inputs",
  },
  {
    kind: 'training-learns',
    requirement: 'G33',
    title: 'The model beats the constant prediction on its training rows',
  },
  {
    kind: 'finite-answers',
    requirement: 'G34',
    title: 'Zero, tiny, huge, missing and unseen values get finite answers or a refusal',
  },
] as const;
export type CommitCheckKind = (typeof commitCheckKinds)[number]['kind'];

/** `ci.started`. Subject of all of these: kind `commit`, id the sha. */
export const ciStarted = z.object({ sha: z.string() });

/** `commit.seen`. */
export const commitSeen = z.object({
  sha: z.string(),
  branch: z.string(),
  subject: z.string(),
  author: z.string(),
  committedMs: z.number(),
});

/** `bundle.built`. */
export const bundleBuilt = z.object({
  sha: z.string(),
  digest: z.string(),
  files: z.number(),
  sizeBytes: z.number(),
});

/** `ci.finished`: the one verdict of a commit. */
export const ciFinished = z.object({
  sha: z.string(),
  state: z.enum(['passed', 'failed']),
  /** What failed, one sentence; null when it passed. */
  reason: z.string().nullable(),
  durationMs: z.number(),
  checks: z.array(
    z.object({
      kind: z.string(),
      /** `G31, G32`, `G33`, ...; null for the bundle. */
      requirement: z.string().nullable(),
      state: z.enum(['passed', 'failed', 'skipped']),
      durationMs: z.number().nullable(),
      summary: z.string(),
    }),
  ),
});

/** `pipeline.deployed`: runs use the commit from here on. */
export const pipelineDeployed = z.object({
  sha: z.string(),
  bundle: z.string(),
  pipelines: z.array(z.string()),
  /** The commit it replaced; null for the first. */
  before: z.string().nullable(),
  actor: z.string(),
});

/** `pipeline.rolled-back`: `sha` was taken back, `to` is in force again. */
export const pipelineRolledBack = z.object({
  sha: z.string(),
  to: z.string(),
  bundle: z.string(),
  pipelines: z.array(z.string()),
  actor: z.string(),
  reason: z.string(),
});

/** One entry of `GET /api/deployments`. */
export const deploymentItem = z.object({
  number: z.number(),
  sha: z.string(),
  subject: z.string(),
  bundle: z.string(),
  pipelines: z.array(z.string()),
  /** `in-force`, `replaced`, `rolled-back`. */
  state: z.string(),
  actor: z.string(),
  reason: z.string(),
  atMs: z.number(),
  endedMs: z.number().nullable(),
});
export type DeploymentItem = z.infer<typeof deploymentItem>;
