import { createHash } from 'node:crypto';
import { AppError } from '../../base/app-error.ts';
import { canonicalJson } from '../../base/json.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Transaction } from '../../storage/database/database.ts';
import {
  bearerFits,
  checkMessageParameters,
  messageOccasion,
  MOST_WAITING,
  SHORTEST_SECRET,
  signatureFits,
  type MessageParameters,
} from '../message.ts';
import type { TriggerContext, TriggerDoors } from '../trigger-kind.ts';
import {
  findFiring,
  findTrigger,
  firingsInState,
  insertFiring,
  setLastFired,
  type Firing,
  type StoredTrigger,
} from '../trigger-store.ts';
import type { Verdict } from '../trigger.ts';
import { completeFiring, judge, tellSkipped } from './evaluate-triggers.ts';
import { syncTriggers } from './sync-triggers.ts';

export type MessageCredentials = {
  trigger: string;
  key: string;
  /** The body as it came, for the signature. */
  body: Uint8Array;
  authorization: string | undefined;
  signature: string | undefined;
};

/**
 * Checks that a message comes from who holds the trigger's secret. An unknown name is answered like a wrong secret, so
 * that nobody finds names by trying. Throws `MESSAGE_REFUSED`; `TRIGGER_SECRET_MISSING` when the server has no secret.
 */
export async function authenticateMessage(
  ctx: TriggerContext,
  given: MessageCredentials,
  settings: { env: Readonly<Record<string, string | undefined>>; nowMs: number },
): Promise<void> {
  await syncTriggers(ctx);
  const stored = await findTrigger(ctx.db, given.trigger);
  const refusal = new AppError(
    'MESSAGE_REFUSED',
    `No trigger takes this message to ${given.trigger}: name, secret or signature is wrong.`,
  );
  if (!stored?.active || stored.kind !== 'message') throw refusal;
  const config = JSON.parse(stored.config) as { secret_env: string; signed: boolean };
  const secret = settings.env[config.secret_env] ?? '';
  if (secret.length < SHORTEST_SECRET) {
    ctx.logger.error(
      { trigger: stored.trigger, variable: config.secret_env },
      `messages are refused: the variable with the secret is not set, or shorter than ${SHORTEST_SECRET} characters`,
    );
    throw new AppError(
      'TRIGGER_SECRET_MISSING',
      `The server has no secret for ${stored.trigger}; it takes no messages.`,
    );
  }
  const fits = config.signed
    ? signatureFits(given.signature, { ...given, nowMs: settings.nowMs }, secret)
    : bearerFits(given.authorization, secret);
  if (!fits) throw refusal;
}

/**
 * Takes a message: one firing a key, and its run at once, or after the run that is going on. The same key with the same
 * body gives the same firing, however often and from wherever it is sent; a crash at any point leaves it to the next
 * round. Throws `MESSAGE_KEY_REUSED`, `MESSAGE_QUEUE_FULL`, `PARAMETER_UNKNOWN`, `PARAMETER_INVALID`.
 */
export async function receiveMessage(
  ctx: TriggerContext,
  doors: TriggerDoors,
  message: { trigger: string; key: string; body: { parameters: MessageParameters } },
): Promise<Firing> {
  await syncTriggers(ctx);
  const digest = createHash('sha256').update(canonicalJson(message.body)).digest('hex');
  const name = { trigger: message.trigger, occasion: messageOccasion(message.key) };
  const known = await findFiring(ctx.db, name);
  if (!known) await claimMessage(ctx, message, digest);
  const claimed = known ?? (await findFiring(ctx.db, name));
  if (claimed?.message?.digest !== digest) {
    throw new AppError(
      'MESSAGE_KEY_REUSED',
      `The key ${message.key} belongs to a message to ${message.trigger} with another body.`,
    );
  }
  if (claimed.state !== 'claimed') return claimed;
  await completeFiring(ctx, claimed, doors);
  return (await findFiring(ctx.db, name)) ?? claimed;
}

async function claimMessage(
  ctx: TriggerContext,
  { trigger, key, body }: { trigger: string; key: string; body: { parameters: MessageParameters } },
  digest: string,
): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    const stored = await findTrigger(tx, trigger);
    if (!stored?.active)
      throw new AppError('TRIGGER_NOT_FOUND', `There is no trigger "${trigger}".`);
    const declared = ctx.project.definition().pipelines[stored.pipeline]?.parameters ?? {};
    const parameters = checkMessageParameters(stored.pipeline, declared, body.parameters);
    const nowMs = ctx.clocks.calendar.nowMs();
    const verdict = await judgeMessage(tx, stored, nowMs);
    const states = { fire: 'claimed', wait: 'waiting', skip: 'skipped' } as const;
    const text = `the message ${key} to ${trigger}`;
    const firing: Firing = {
      firingId: ctx.ids.next('firing'),
      trigger,
      pipeline: stored.pipeline,
      kind: stored.kind,
      occasion: messageOccasion(key),
      eventId: null,
      dueMs: nowMs,
      state: states[verdict.kind],
      runId: null,
      reason: verdict.kind === 'fire' ? text : `${verdict.reason} (${text})`,
      missed: 0,
      cause: { kind: 'message', trigger, key, text },
      message: { key, digest, parameters },
      createdMs: nowMs,
    };
    if (!(await insertFiring(tx, firing))) return;
    // Told at once: the log says what came in though no run may follow, and the loop looks again at what waits.
    await appendEvent(ctx, tx, {
      type: 'trigger.message-received',
      subject: { kind: 'trigger', id: trigger },
      data: {
        trigger,
        pipeline: stored.pipeline,
        firing: firing.firingId,
        key,
        digest,
        parameters,
      },
    });
    if (firing.state === 'claimed') await setLastFired(tx, trigger, nowMs);
    if (firing.state === 'skipped') await tellSkipped(ctx, tx, firing, firing.reason);
  });
}

/** Messages keep their order: one that waits holds up those after it. */
async function judgeMessage(
  tx: Transaction,
  stored: StoredTrigger,
  nowMs: number,
): Promise<Verdict> {
  const verdict = await judge(tx, stored, nowMs);
  if (verdict.kind === 'skip') return verdict;
  const waiting = (await firingsInState(tx, 'waiting')).filter(
    (firing) => firing.trigger === stored.trigger,
  ).length;
  if (waiting >= MOST_WAITING) {
    throw new AppError(
      'MESSAGE_QUEUE_FULL',
      `${waiting} messages to ${stored.trigger} wait already; this one was not taken.`,
    );
  }
  if (verdict.kind === 'wait' || waiting === 0) return verdict;
  return { kind: 'wait', reason: `${waiting} earlier messages wait` };
}
