import { AppError } from '../../base/app-error.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { triggerKinds } from '../kinds/index.ts';
import type { Considered, TriggerContext, TriggerDoors, TriggerKind } from '../trigger-kind.ts';
import {
  activeRunOf,
  findTrigger,
  firingsInState,
  insertFiring,
  lastRunStart,
  listTriggers,
  moveConsidered,
  moveFiring,
  setLastFired,
  type Firing,
  type StoredTrigger,
} from '../trigger-store.ts';
import { judgeOccasion, runKey, type Occasion, type Verdict } from '../trigger.ts';
import { syncTriggers } from './sync-triggers.ts';

/**
 * Looks what has come up for every trigger and starts the runs that are due. Each occasion becomes one row of
 * `trigger_firings` before its run is asked for, under a key made of the occasion: however the process dies in between,
 * the next round ends with that one run. Gives whether anything was done.
 */
export async function evaluateTriggers(ctx: TriggerContext, doors: TriggerDoors): Promise<boolean> {
  let didSomething = await syncTriggers(ctx);
  for (const firing of await firingsInState(ctx.db, 'claimed')) {
    await completeFiring(ctx, firing, doors);
    didSomething = true;
  }
  for (const firing of await firingsInState(ctx.db, 'waiting')) {
    didSomething = (await reconsider(ctx, firing, doors)) || didSomething;
  }
  for (const stored of await listTriggers(ctx.db)) {
    const kind = kindOf(stored.kind);
    const config = JSON.parse(stored.config) as Record<string, unknown>;
    const since: Considered = { position: stored.position, consideredMs: stored.consideredMs };
    const rule = { trigger: stored.trigger, pipeline: stored.pipeline, config };
    const { occasions, considered } = await kind.occasions(ctx, rule, since, doors);
    for (const occasion of occasions) {
      const firing = await claim(ctx, stored, occasion);
      if (firing?.state === 'claimed') await completeFiring(ctx, firing, doors);
      didSomething = true;
    }
    const moved =
      considered.position > since.position || considered.consideredMs > since.consideredMs;
    if (moved) {
      await ctx.db.transaction().execute((tx) => moveConsidered(tx, stored.trigger, considered));
      didSomething = true;
    }
  }
  return didSomething;
}

/** The variant of a stored trigger. */
export function kindOf(name: string): TriggerKind {
  const kind = triggerKinds.find((candidate) => candidate.kind === name);
  if (!kind) throw new AppError('INTERNAL', `No trigger kind "${name}" is built in.`);
  return kind;
}

/** Judges an occasion and writes down what becomes of it, once. Gives undefined when that was done before. */
async function claim(
  ctx: TriggerContext,
  stored: StoredTrigger,
  occasion: Occasion,
): Promise<Firing | undefined> {
  return ctx.db.transaction().execute(async (tx) => {
    const nowMs = ctx.clocks.calendar.nowMs();
    const verdict = await judge(tx, stored, nowMs);
    const states = { fire: 'claimed', wait: 'waiting', skip: 'skipped' } as const;
    const firing: Firing = {
      firingId: ctx.ids.next('firing'),
      trigger: stored.trigger,
      pipeline: stored.pipeline,
      kind: stored.kind,
      occasion: occasion.occasion,
      eventId: occasion.eventId,
      dueMs: occasion.dueMs,
      state: states[verdict.kind],
      runId: null,
      reason: verdict.kind === 'fire' ? occasion.text : `${verdict.reason} (${occasion.text})`,
      missed: occasion.missed,
      cause: {
        kind: kindOf(stored.kind).cause,
        ...(occasion.eventId === null ? {} : { eventId: occasion.eventId }),
        trigger: stored.trigger,
        text: occasion.text,
      },
      message: null,
      createdMs: nowMs,
    };
    if (!(await insertFiring(tx, firing))) return undefined;
    if (firing.state === 'claimed') await setLastFired(tx, stored.trigger, nowMs);
    if (firing.state === 'skipped') await tellSkipped(ctx, tx, firing, firing.reason);
    await dropOlderWaiting(ctx, tx, firing);
    return firing;
  });
}

/** Only the newest occasion of a trigger waits. */
async function dropOlderWaiting(
  ctx: TriggerContext,
  tx: Transaction,
  newest: Firing,
): Promise<void> {
  for (const older of await firingsInState(tx, 'waiting')) {
    if (older.trigger !== newest.trigger || older.firingId === newest.firingId) continue;
    const reason = `a newer occasion took its place: ${newest.cause.text as string}`;
    if (await moveFiring(tx, older.firingId, { from: 'waiting', to: 'skipped', reason })) {
      await tellSkipped(ctx, tx, older, reason);
    }
  }
}

/** A waiting occasion: skipped when no longer wanted, fired when nothing holds it up any more. */
async function reconsider(
  ctx: TriggerContext,
  firing: Firing,
  doors: TriggerDoors,
): Promise<boolean> {
  const stored = await findTrigger(ctx.db, firing.trigger);
  const outdated = await whyObsolete(ctx, firing, stored);
  const next = await ctx.db.transaction().execute(async (tx) => {
    const nowMs = ctx.clocks.calendar.nowMs();
    const verdict: Verdict =
      outdated !== null || !stored
        ? { kind: 'skip', reason: outdated ?? 'the trigger is gone' }
        : await judge(tx, stored, nowMs);
    if (verdict.kind === 'wait') return undefined;
    const to = verdict.kind === 'fire' ? 'claimed' : 'skipped';
    const reason = verdict.kind === 'fire' ? (firing.cause.text as string) : verdict.reason;
    if (!(await moveFiring(tx, firing.firingId, { from: 'waiting', to, reason }))) return undefined;
    if (to === 'claimed') await setLastFired(tx, firing.trigger, nowMs);
    else await tellSkipped(ctx, tx, firing, reason);
    return { ...firing, state: to, reason } as Firing;
  });
  if (next?.state === 'claimed') await completeFiring(ctx, next, doors);
  return next !== undefined;
}

async function whyObsolete(
  ctx: TriggerContext,
  firing: Firing,
  stored: StoredTrigger | undefined,
): Promise<string | null> {
  if (!stored?.active) return 'the project file no longer names this trigger';
  const kind = kindOf(stored.kind);
  const started = kind.keepsEach ? undefined : await lastRunStart(ctx.db, firing.pipeline);
  // A run that failed has answered nothing; one that is still going is waited for.
  if (started && started.startedAtMs >= firing.dueMs && started.state === 'succeeded') {
    return `${started.runId} of the same pipeline has started since`;
  }
  const config = JSON.parse(stored.config) as Record<string, unknown>;
  const rule = { trigger: stored.trigger, pipeline: stored.pipeline, config };
  return kind.obsolete(ctx, rule, firing);
}

/** What becomes of an occasion now, as the trigger and its pipeline stand. */
export async function judge(
  tx: Transaction,
  stored: StoredTrigger,
  nowMs: number,
): Promise<Verdict> {
  const current = (await findTrigger(tx, stored.trigger)) ?? stored;
  const config = JSON.parse(stored.config) as { cool_down?: number };
  return judgeOccasion({
    enabled: current.enabled,
    lastFiredMs: current.lastFiredMs,
    coolDownMs: config.cool_down ?? 0,
    nowMs,
    activeRun: await activeRunOf(tx, stored.pipeline),
    patient: kindOf(stored.kind).patient,
  });
}

/** Starts the run of a claimed firing and notes it. Safe to repeat at any point. */
export async function completeFiring(
  ctx: TriggerContext,
  firing: Firing,
  doors: TriggerDoors,
): Promise<void> {
  let runId: string;
  try {
    ({ runId } = await doors.startRun({
      pipeline: firing.pipeline,
      cause: firing.cause,
      key: runKey(firing),
      ...(firing.message === null ? {} : { parameters: firing.message.parameters }),
    }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const reason = `the run could not be started: ${error.message}`;
    await ctx.db.transaction().execute(async (tx) => {
      const change = { from: 'claimed', to: 'skipped', reason } as const;
      if (await moveFiring(tx, firing.firingId, change)) await tellSkipped(ctx, tx, firing, reason);
    });
    return;
  }
  await ctx.db.transaction().execute(async (tx) => {
    const change = { from: 'claimed', to: 'fired', runId, reason: firing.reason } as const;
    if (!(await moveFiring(tx, firing.firingId, change))) return;
    await appendEvent(ctx, tx, {
      type: 'trigger.fired',
      subject: { kind: 'trigger', id: firing.trigger },
      data: { ...summary(firing), reason: firing.reason, run: runId },
    });
  });
}

/** Tells in the log that an occasion started no run, and why. */
export async function tellSkipped(
  ctx: TriggerContext,
  tx: Transaction,
  firing: Firing,
  reason: string,
): Promise<void> {
  await appendEvent(ctx, tx, {
    type: 'trigger.skipped',
    subject: { kind: 'trigger', id: firing.trigger },
    data: { ...summary(firing), reason },
  });
}

function summary(firing: Firing) {
  return {
    trigger: firing.trigger,
    pipeline: firing.pipeline,
    kind: firing.kind,
    firing: firing.firingId,
    occasion: firing.occasion,
    eventId: firing.eventId,
    missed: firing.missed,
  };
}
