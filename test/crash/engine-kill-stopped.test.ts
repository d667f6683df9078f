import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsOf } from '../../src/events/event-store.ts';
import { describeRun } from '../../src/runs/actions/describe-run.ts';
import { startRun } from '../../src/runs/actions/start-run.ts';
import { openEngine } from '../../src/runs/engine.ts';
import { closeRuns, waitForRun } from '../../src/runs/work.ts';
import { checkRunHistory } from '../harness/check-run-history.ts';
import { onBothEngines } from '../harness/on-both-engines.ts';
import { orphansAfter, processesWith } from '../harness/processes.ts';
import { testContext } from '../harness/test-context.ts';
import { gatedSteps, gatedStepsNeeds } from './gated-steps.ts';
import { startEngineProcess } from './kill-at-random.ts';

const LEASE_MS = 800;
const MOMENT = { timeout: 20_000 };

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rondo-stopped-'));
});
const started: ReturnType<typeof startEngineProcess>[] = [];
afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const open = (gate: string): Promise<void> => writeFile(join(dir, gate), '');

/** What the run's rows and events say at its end. */
async function history(runId: string) {
  await using ctx = await testContext({ dir });
  const detail = await describeRun(ctx, runId);
  const sizes = await ctx.db.selectFrom('step_runs').selectAll().orderBy('position').execute();
  return {
    attempts: Object.fromEntries(
      detail.steps.map((step) => [step.step, step.attempts.map((attempt) => attempt.state)]),
    ),
    outputs: sizes.map((row) => row.outputs),
    faults: checkRunHistory(await eventsOf(ctx.db, { kind: 'run', id: runId }), gatedStepsNeeds),
  };
}

onBothEngines(() => {
  test('an agent stopped past its lease: its attempts are taken over, its groups die, and woken it commits nothing', async () => {
    await using ctx = await testContext({ dir });
    await ctx.write('rondo.yaml', 'rondo: 1\nproject: test\n');
    ctx.define({ pipelines: { gated: gatedSteps(dir) } });
    try {
      const engine = await openEngine(ctx, { concurrency: 2, leaseMs: LEASE_MS, beatMs: 200 });
      const cause = { kind: 'manual' as const, text: 'a test' };
      const { runId } = await startRun(ctx, { pipeline: 'gated', cause });
      // Per step: the shell that leads the group, its watchdog, the command, the `sleep 300`.
      await expect
        .poll(() => processesWith(`RONDO_RUN_ID=${runId}`).length, MOMENT)
        .toBeGreaterThanOrEqual(8);
      const first = processesWith('RONDO_ATTEMPT=1').filter((pid) =>
        processesWith(`RONDO_RUN_ID=${runId}`).includes(pid),
      );
      const { agentPid = 0 } = engine.executor as typeof engine.executor & { agentPid?: number };
      process.kill(agentPid, 'SIGSTOP');
      // The command ends well meanwhile, but its agent can tell nobody.
      await open('early-1');
      await expect
        .poll(async () => {
          const { steps } = await describeRun(ctx, runId);
          return steps.map((step) => step.attempts.map((attempt) => attempt.state));
        }, MOMENT)
        .toEqual([['lost', 'running'], ['lost', 'running'], []]);
      // The server has killed it: there is nothing to wake.
      expect(() => process.kill(agentPid, 'SIGCONT')).toThrow('ESRCH');
      await expect
        .poll(
          () => first.filter((pid) => processesWith(`RONDO_RUN_ID=${runId}`).includes(pid)),
          MOMENT,
        )
        .toEqual([]);
      await open('early-2');
      await open('late-2');
      expect(await waitForRun(ctx, runId)).toMatchObject({ state: 'succeeded' });
      const told = await history(runId);
      expect(told.faults).toEqual([]);
      expect(told.attempts).toEqual({
        early: ['lost', 'succeeded'],
        late: ['lost', 'succeeded'],
        both: ['succeeded'],
      });
      expect(await orphansAfter(`RONDO_RUN_ID=${runId}`, 5000)).toEqual([]);
    } finally {
      await closeRuns(ctx);
    }
  });

  test('a server process stopped past its leases: another one takes over; woken, its commit is refused and its groups are killed', async () => {
    const args = ['stopped', 'gated', String(LEASE_MS)];
    const first = startEngineProcess(dir, args);
    started.push(first);
    const runId = await first.started;
    const entry = `RONDO_RUN_ID=${runId}`;
    await expect.poll(() => processesWith(entry).length, MOMENT).toBeGreaterThanOrEqual(8);
    first.child.kill('SIGSTOP');
    const old = new Set(processesWith(entry));
    await open('early-1');
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    const second = startEngineProcess(dir, args);
    started.push(second);
    expect(await second.started).toBe(runId);
    await open('early-2');
    await open('late-2');
    await second.exited;
    const before = await history(runId);
    expect(before.attempts).toEqual({
      early: ['lost', 'succeeded'],
      late: ['lost', 'succeeded'],
      both: ['succeeded'],
    });
    // The stopped server's agent still runs `late`, and has the good end of `early` to tell.
    expect(processesWith(entry).some((pid) => old.has(pid))).toBe(true);
    first.child.kill('SIGCONT');
    expect(await orphansAfter(entry, 5000)).toEqual([]);
    await first.exited;
    expect(await history(runId)).toEqual(before);
    expect(before.faults).toEqual([]);
  });
});
