import { join } from 'node:path';
import { considerCandidate } from '../../src/delivery/actions/consider-candidate.ts';
import { registerVersion } from '../../src/registry/actions/register-version.ts';
import type { BatchOrder } from '../../src/serving/actions/score-batch.ts';
import { lateProject, modelFolder, succeedRun, testRows } from './produce-model.ts';
import { testContext, type TestContext } from './test-context.ts';

/** A project whose endpoint `late` serves version 1: sigmoid(2 x). */
export async function batchWorld(): Promise<TestContext> {
  const ctx = await testContext({ definition: lateProject({}) });
  const test = await testRows(ctx, { rows: 500, seed: 1 });
  const produced = await succeedRun(ctx, {
    runId: 'run_1',
    modelTree: await modelFolder(ctx, { weight: 2 }),
    test,
  });
  const version = await registerVersion(ctx, { runId: 'run_1', produced });
  await considerCandidate(ctx, version);
  return ctx;
}

/** Of its rows into `scored.parquet` of the data folder, unless told otherwise. */
export function batchOrder(ctx: TestContext, part: Partial<BatchOrder>): BatchOrder {
  return {
    endpoint: 'late',
    version: null,
    input: { path: '', format: 'parquet' },
    output: { path: join(ctx.paths.root, 'scored.parquet'), format: 'parquet' },
    time: null,
    atMs: ctx.clocks.calendar.nowMs(),
    signal: new AbortController().signal,
    progress: () => undefined,
    ...part,
  };
}
