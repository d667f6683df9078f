import { toEvent } from '../events/event-store.ts';
import type { Event } from '../events/event.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { Counts, EnabledTrigger } from './evidence.ts';

/** Events of some types since an instant, by the index on type and time. */
export async function eventsSince(
  db: ReadDatabase,
  query: { types: readonly string[]; fromMs: number },
): Promise<Event[]> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('type', 'in', [...query.types])
    .where('at_ms', '>=', query.fromMs)
    .execute();
  return rows.map(toEvent);
}

/** The newest events of one type, however old. */
export async function newestEvents(
  db: ReadDatabase,
  query: { type: string; limit: number },
): Promise<Event[]> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('type', '=', query.type)
    .orderBy('position', 'desc')
    .limit(query.limit)
    .execute();
  return rows.map(toEvent);
}

/** Events of some types of the runs named. */
export async function eventsOfRuns(
  db: ReadDatabase,
  query: { runIds: readonly string[]; types: readonly string[] },
): Promise<Event[]> {
  if (query.runIds.length === 0) return [];
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .where('subject_kind', '=', 'run')
    .where('subject_id', 'in', [...query.runIds])
    .where('type', 'in', [...query.types])
    .execute();
  return rows.map(toEvent);
}

/** Triggers of the project file that nobody has switched off. */
export async function enabledTriggers(db: ReadDatabase): Promise<EnabledTrigger[]> {
  return db
    .selectFrom('triggers')
    .select(['trigger', 'kind', 'pipeline'])
    .where('active', '=', 1)
    .where('enabled', '=', 1)
    .orderBy('trigger')
    .execute();
}

/** Predictions and labels from the counts by hour; events and seals from the ends of their tables. */
export async function readCounts(
  db: ReadDatabase,
  window: { fromMs: number; toMs: number },
): Promise<Counts> {
  const predictions = await db
    .selectFrom('prediction_hours')
    .select((eb) => [
      'model',
      eb.fn.sum<number>('requests').as('requests'),
      eb.fn.sum<number>('labelled').as('labelled'),
    ])
    .where('hour_ms', '>=', window.fromMs)
    .where('hour_ms', '<=', window.toMs)
    .groupBy('model')
    .orderBy('model')
    .execute();
  const last = await db
    .selectFrom('event_seals')
    .select((eb) => eb.fn.max<number | null>('position').as('position'))
    .executeTakeFirst();
  const open = await db
    .selectFrom('events')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('position', '>', last?.position ?? 0)
    .executeTakeFirst();
  const sealed = await db
    .selectFrom('event_seals')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return {
    predictions: predictions.map((row) => ({
      model: row.model,
      requests: Number(row.requests),
      labelled: Number(row.labelled),
    })),
    sealed: Number(sealed?.count ?? 0),
    events: Number(sealed?.count ?? 0) + Number(open?.count ?? 0),
  };
}
