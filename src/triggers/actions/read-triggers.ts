import type { Context } from '../../context.ts';
import { listFirings, listTriggers, type Firing, type StoredTrigger } from '../trigger-store.ts';
import { coolUntilMs } from '../trigger.ts';
import { kindOf } from './evaluate-triggers.ts';
import { syncTriggers } from './sync-triggers.ts';
import type { TriggerContext } from '../trigger-kind.ts';

/** A rule for people: as a sentence, with its coming instants and what became of its last occasion. */
export type TriggerSummary = {
  trigger: string;
  pipeline: string;
  kind: string;
  sentence: string;
  enabled: boolean;
  lastFiredMs: number | null;
  coolUntilMs: number | null;
  /** Coming instants of a schedule, ms; empty for rules that wait for events. */
  next: number[];
  last: FiringSummary | null;
};

export type FiringSummary = Omit<Firing, 'cause' | 'message' | 'createdMs'> & { atMs: number };

/** Every trigger of the project. */
export async function readTriggers(ctx: TriggerContext, upcoming = 5): Promise<TriggerSummary[]> {
  await syncTriggers(ctx);
  const nowMs = ctx.clocks.calendar.nowMs();
  const stored = await listTriggers(ctx.db);
  return Promise.all(stored.map((trigger) => summarise(ctx, trigger, { nowMs, upcoming })));
}

async function summarise(
  ctx: Pick<Context, 'db'>,
  stored: StoredTrigger,
  options: { nowMs: number; upcoming: number },
): Promise<TriggerSummary> {
  const config = JSON.parse(stored.config) as Record<string, unknown> & { cool_down?: number };
  const [last] = await listFirings(ctx.db, { trigger: stored.trigger, limit: 1 });
  const coolMs = coolUntilMs({
    lastFiredMs: stored.lastFiredMs,
    coolDownMs: config.cool_down ?? 0,
  });
  return {
    trigger: stored.trigger,
    pipeline: stored.pipeline,
    kind: stored.kind,
    sentence: stored.sentence,
    enabled: stored.enabled,
    lastFiredMs: stored.lastFiredMs,
    coolUntilMs: coolMs !== null && coolMs > options.nowMs ? coolMs : null,
    next: stored.enabled
      ? kindOf(stored.kind).upcoming(config, options.nowMs, options.upcoming)
      : [],
    last: last ? describeFiring(last) : null,
  };
}

/** A firing for people. */
export function describeFiring({
  cause: _cause,
  message: _message,
  createdMs,
  ...firing
}: Firing): FiringSummary {
  return { ...firing, atMs: createdMs };
}

/** A page of firings, newest first: the run each started, or the reason it did not. */
export async function readFirings(
  ctx: Pick<Context, 'db'>,
  query: { trigger?: string | undefined; after?: string | undefined; limit: number },
): Promise<{ items: FiringSummary[]; next: string | null }> {
  const firings = await listFirings(ctx.db, {
    limit: query.limit,
    ...(query.trigger === undefined ? {} : { trigger: query.trigger }),
    ...(query.after === undefined ? {} : { before: query.after }),
  });
  const last = firings.at(-1);
  return {
    items: firings.map(describeFiring),
    next: last && firings.length === query.limit ? last.firingId : null,
  };
}
