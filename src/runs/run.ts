import type { Json } from '../base/json.ts';
import type { Cause } from '../contract/cause.ts';
import type { PipelineDefinition } from '../config/project-file/project-definition.ts';
import type { Project } from '../context.ts';
import type { Plan } from '../pipelines/pipeline.ts';
import type { RunState } from '../pipelines/run-machine.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';

export type RunId = `run_${string}`;
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** What a run is pinned to when it starts, so that nothing that changes later changes it. */
export type RunPins = {
  /** The project's files as a stored tree. */
  projectTree: Digest;
  /** Lock files and installed packages beside the project: name to digest. */
  locks: Record<string, string>;
  /** Folder whose `node_modules` steps see; null when there is none. */
  nodeModules: string | null;
  /** Dataset to the digest and number of its version. */
  datasets: Record<string, { digest: Digest; number: number }>;
};

/** One output of a step as committed. */
export type StepOutput = { path: string; kind: 'file' | 'tree'; digest: Digest; sizeBytes: number };

export type StepResult = {
  outputs: Record<string, StepOutput>;
  details: Json | null;
  metrics: Record<string, number>;
};

/** A run that is not finished, as the engine holds it. The rows are the truth; this is their fold. */
export type ActiveRun = {
  runId: string;
  pipeline: string;
  experimentId: string;
  definition: PipelineDefinition;
  plan: Plan;
  parameters: Parameters;
  cause: Cause;
  startedAtMs: number;
  pins: RunPins | null;
  /** The project's folder, for an ad hoc run of it beside a deployed commit; null for all others. */
  workingTree: Project | null;
  state: RunState;
  /** Step to its row's id, which is its MLflow run. */
  stepRunIds: Readonly<Record<string, string>>;
  /** Results of the steps that are done. */
  results: Record<string, StepResult>;
  /** Monotonic time of the start (of the restart, after one), for the duration. */
  startedMonotonicMs: number;
  /** Why it will end badly, once that is settled. */
  ending: { step: string | null; code: string; reason: string; actor?: string } | null;
  /** The rows refused what this fold allowed: it has to be read again. */
  stale: boolean;
  /** Resolves when the event before is in force. */
  turn: Promise<void>;
};

/** The context a run's suites and definition are read in. */
export function contextOfRun<C extends { project: Project }>(
  ctx: C,
  run: Pick<ActiveRun, 'workingTree'>,
): C {
  return run.workingTree === null ? ctx : { ...ctx, project: run.workingTree };
}

export type RunOutcome = {
  runId: string;
  state: 'succeeded' | 'failed' | 'cancelled';
  failedStep: string | null;
  code: string | null;
  reason: string | null;
};

/** Why an attempt did not succeed: a code of the error table and a sentence. */
export type Failure = {
  code: string;
  reason: string;
  exitCode: number | null;
  signal: string | null;
};
