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
