import type { z } from 'zod';
import type { TriggerItem, TriggersView, triggersQuery } from '../contract/views/triggers-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';

type Rule = Omit<TriggerItem, 'fired' | 'skipped'>;

/** By what an occasion's name begins with; all else are ids of events. */
const SENDERS: Record<string, string> = {
  at: 'the calendar',
  hand: 'a person',
  message: 'a message',
};
const COUNTED_MS = 28 * 864e5;

/** The rules with what came of them lately, and their occasions newest first; `after` is the last firing seen. */
export async function triggersView(
  db: ReadDatabase,
  options: {
    rules: readonly Rule[];
    nowMs: number;
    query: Partial<z.infer<typeof triggersQuery>>;
  },
): Promise<TriggersView> {
  const { query } = options;
  const limit = query.limit ?? 50;
  let select = db.selectFrom('trigger_firings');
  if (query.trigger !== undefined) select = select.where('trigger', '=', query.trigger);
  if (query.state !== undefined) select = select.where('state', '=', query.state);
  const total = await select
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (query.after !== undefined) select = select.where('firing_id', '<', query.after);
  const rows = await select
    .selectAll()
    .orderBy('firing_id', 'desc')
    .limit(limit + 1)
    .execute();
  const shown = rows.slice(0, limit);
  const states = await statesOfRuns(
    db,
    shown.flatMap((row) => row.run_id ?? []),
  );
  const counts = await countedSince(db, options.nowMs - COUNTED_MS);
  return {
    triggers: options.rules.map((rule) => ({
      ...rule,
      fired: counts.get(`${rule.trigger} fired`) ?? 0,
      skipped: counts.get(`${rule.trigger} skipped`) ?? 0,
    })),
    items: shown.map((row) => ({
      firingId: row.firing_id,
      trigger: row.trigger,
      kind: row.kind,
      state: row.state,
      reason: row.reason,
      dueMs: row.due_ms,
      atMs: row.created_ms,
      missed: row.missed,
      run:
        row.run_id === null
          ? null
          : { runId: row.run_id, state: states.get(row.run_id) ?? 'unknown' },
      eventId: row.event_id,
      by: SENDERS[row.occasion.split(':')[0] ?? ''] ?? 'an event',
    })),
    next: rows.length > limit ? (shown.at(-1)?.firing_id ?? null) : null,
    total: Number(total.count),
  };
}

async function statesOfRuns(
  db: ReadDatabase,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'state'])
    .where('run_id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.run_id, row.state]));
}

async function countedSince(db: ReadDatabase, sinceMs: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('trigger_firings')
    .select((eb) => ['trigger', 'state', eb.fn.countAll<number>().as('count')])
    .where('created_ms', '>=', sinceMs)
    .groupBy(['trigger', 'state'])
    .execute();
  return new Map(rows.map((row) => [`${row.trigger} ${row.state}`, Number(row.count)]));
}
