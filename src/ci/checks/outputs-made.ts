import type { CheckResult, SliceRun } from '../check-result.ts';

/** G35: every pipeline of the commit ran to its end on the slice and left the outputs it declares. */
export function outputsMade(
  runs: readonly SliceRun[],
): Pick<CheckResult, 'state' | 'summary' | 'log'> {
  const failed = runs.find((run) => !run.isSkipped && run.outcome?.state !== 'succeeded');
  if (failed) {
    const step = failed.outcome?.failedStep ?? null;
    const where = step === null ? `pipeline ${failed.pipeline}` : `${failed.pipeline}.${step}`;
    const reason = failed.outcome?.reason ?? failed.reason ?? 'it did not end well';
    return { state: 'failed', summary: `On the slice ${where} failed: ${reason}`, log: failed.log };
  }
  const ran = runs.filter((run) => !run.isSkipped);
  if (ran.length === 0) {
    const why = runs[0]?.reason ?? 'The commit has no pipeline.';
    return { state: 'skipped', summary: why, log: null };
  }
  const outputs = ran.flatMap((run) =>
    Object.values(run.steps).flatMap((step) => Object.keys(step.outputs)),
  );
  const names = ran.map((run) => run.pipeline).join(', ');
  return {
    state: 'passed',
    summary: `${names} ran on the slice; all ${outputs.length} declared outputs are there.`,
    log: null,
  };
}
