import { commitCheckKinds, type CommitCheckKind } from '../contract/commit-events.ts';
import type { RunOutcome } from '../runs/run.ts';
import type { Produced } from '../contract/produced.ts';
import type { StepResult } from '../runs/run.ts';

/** What one check of a commit found. */
export type CheckResult = {
  kind: CommitCheckKind;
  state: 'passed' | 'failed' | 'skipped';
  durationMs: number | null;
  /** One sentence. */
  summary: string;
  /** Last lines of what it printed. */
  log: string | null;
};

/** A pipeline of the commit as it ran on the slice. */
export type SliceRun = {
  pipeline: string;
  /** Null: it could not be started; `reason` says why. */
  outcome: RunOutcome | null;
  /** It has nothing to run on. */
  isSkipped: boolean;
  reason: string | null;
  runId: string | null;
  /** Results of the steps that ended well. */
  steps: Record<string, StepResult>;
  produced: Produced | null;
  log: string | null;
};

export function titleOf(kind: CommitCheckKind): string {
  return commitCheckKinds.find((check) => check.kind === kind)?.title ?? kind;
}

export function requirementOf(kind: CommitCheckKind): string | null {
  return commitCheckKinds.find((check) => check.kind === kind)?.requirement ?? null;
}

/** A check that is not made, and why. */
export function skipped(kind: CommitCheckKind, summary: string): CheckResult {
  return { kind, state: 'skipped', durationMs: null, summary, log: null };
}

/** Makes a check and takes its time. */
export async function timed(
  kind: CommitCheckKind,
  check: () => Promise<Omit<CheckResult, 'kind' | 'durationMs' | 'log'> & { log?: string | null }>,
): Promise<CheckResult> {
  const startedAt = performance.now();
  const result = await check();
  return { log: null, ...result, kind, durationMs: performance.now() - startedAt };
}
