import { AppError } from '../../base/app-error.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { TriggerContext, TriggerDoors } from '../trigger-kind.ts';
import {
  activeRunOf,
  findFiring,
  findTrigger,
  insertFiring,
  listTriggers,
  setLastFired,
  type Firing,
  type StoredTrigger,
} from '../trigger-store.ts';
import { completeFiring } from './evaluate-triggers.ts';
import { syncTriggers } from './sync-triggers.ts';

/**
 * Fires a trigger by hand: cool-down and switch do not hold a person up, a running pipeline does (the answer is then a
 * skipped firing with the reason). The same key gives the same firing. Throws `TRIGGER_NOT_FOUND`.
 */
export async function fireTrigger(
  ctx: TriggerContext,
  doors: TriggerDoors,
  order: { trigger: string; key?: string; actor: string },
): Promise<Firing> {
  await syncTriggers(ctx);
  const stored = await requireTrigger(ctx, order.trigger);
  const occasion = `hand:${order.key ?? ctx.ids.next('order')}`;
  await ctx.db.transaction().execute(async (tx) => {
    const nowMs = ctx.clocks.calendar.nowMs();
    const active = await activeRunOf(tx, stored.pipeline);
    const text = `${stored.trigger} fired by ${order.actor}`;
    const reason =
      active === null ? text : `${active} of the same pipeline is not finished (${text})`;
    const firing: Firing = {
      firingId: ctx.ids.next('firing'),
      trigger: stored.trigger,
      pipeline: stored.pipeline,
      kind: stored.kind,
      occasion,
      eventId: null,
      dueMs: nowMs,
      state: active === null ? 'claimed' : 'skipped',
      runId: null,
      reason,
      missed: 0,
      cause: { kind: 'manual', trigger: stored.trigger, text },
      message: null,
      createdMs: nowMs,
    };
    if (!(await insertFiring(tx, firing))) return;
    if (firing.state === 'claimed') await setLastFired(tx, stored.trigger, nowMs);
    else {
      await appendEvent(ctx, tx, {
        type: 'trigger.skipped',
        subject: { kind: 'trigger', id: stored.trigger },
        actor: order.actor,
        data: {
          trigger: stored.trigger,
          pipeline: stored.pipeline,
          kind: stored.kind,
          occasion,
          reason,
        },
      });
    }
  });
  const key = { trigger: stored.trigger, occasion };
  const claimed = await findFiring(ctx.db, key);
  if (claimed?.state === 'claimed') await completeFiring(ctx, claimed, doors);
  const firing = await findFiring(ctx.db, key);
  if (!firing)
    throw new AppError('INTERNAL', `The firing ${occasion} of ${stored.trigger} is gone.`);
  return firing;
}

/** The trigger of a name. Throws `TRIGGER_NOT_FOUND` with the nearest name. */
export async function requireTrigger(
  ctx: Pick<TriggerContext, 'db'>,
  name: string,
): Promise<StoredTrigger> {
  const stored = await findTrigger(ctx.db, name);
  if (stored?.active) return stored;
  const known = (await listTriggers(ctx.db)).map((trigger) => trigger.trigger);
  const near = nearestWord(name, known);
  throw new AppError('TRIGGER_NOT_FOUND', `There is no trigger "${name}".`, {
    help: near === undefined ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`,
  });
}
