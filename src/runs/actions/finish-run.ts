import type { Json } from '../../base/json.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { setTags, setTrackedStatus } from '../../tracking/tracking-store.ts';
import type { ActiveRun } from '../run.ts';
import { closeOpenSteps, endAttemptsOfRun, endRun } from '../run-store.ts';
import { producedOf } from '../produced-of.ts';

/** Why a run failed or was cancelled. */
export type Ending = { step: string | null; code: string; reason: string; actor?: string };

/** Stores the end of a run with its event. Called within the transaction of the event that ended it. */
export async function finishRun(
  ctx: Pick<Context, 'clocks' | 'ids' | 'bus'>,
  tx: Transaction,
  run: ActiveRun,
  end: { status: 'succeeded' | 'failed' | 'cancelled'; ending: Ending | null },
): Promise<void> {
  const atMs = ctx.clocks.calendar.nowMs();
  const produced = end.status === 'succeeded' ? producedOf(run) : null;
  await endRun(tx, run.runId, {
    state: end.status,
    ended_at_ms: atMs,
    duration_ms: Math.max(0, ctx.clocks.monotonic.nowMs() - run.startedMonotonicMs),
    failed_step: end.ending?.step ?? null,
    reason: end.ending?.reason ?? null,
    code: end.ending?.code ?? null,
    produced: produced === null ? null : JSON.stringify(produced),
  });
  if (end.status === 'cancelled') {
    await closeOpenSteps(tx, run.runId, {
      to: 'cancelled',
      from: ['waiting', 'running', 'retrying'],
      endedAtMs: atMs,
    });
    await endAttemptsOfRun(tx, run.runId, {
      state: 'cancelled',
      ended_at_ms: atMs,
      reason: end.ending?.reason ?? null,
      code: end.ending?.code ?? null,
    });
    for (const step of run.plan.steps) {
      const stepRunId = run.stepRunIds[step.name];
      if (stepRunId !== undefined && run.state.steps[step.name]?.status === 'running') {
        await setTrackedStatus(tx, stepRunId, { status: 'KILLED', endTimeMs: atMs });
      }
    }
  } else {
    await closeOpenSteps(tx, run.runId, {
      to: 'skipped',
      from: ['waiting', 'retrying'],
      endedAtMs: atMs,
    });
  }
  const tracked = { succeeded: 'FINISHED', failed: 'FAILED', cancelled: 'KILLED' } as const;
  await setTrackedStatus(tx, run.runId, { status: tracked[end.status], endTimeMs: atMs });
  if (end.ending) await setTags(tx, run.runId, { 'rondo.reason': end.ending.reason });
  await appendEvent(ctx, tx, {
    type: `run.${end.status}`,
    subject: { kind: 'run', id: run.runId },
    ...(end.ending?.actor === undefined ? {} : { actor: end.ending.actor }),
    data: {
      pipeline: run.pipeline,
      cause: run.cause as unknown as Json,
      ...(run.workingTree === null ? {} : { workingTree: true }),
      ...(end.status === 'succeeded'
        ? { parameters: { ...run.parameters }, produced: produced as unknown as Json }
        : {
            step: end.ending?.step ?? null,
            code: end.ending?.code ?? null,
            reason: end.ending?.reason ?? null,
          }),
    },
  });
}
