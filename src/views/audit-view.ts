import type { AuditFilter, AuditView, EventView } from '../contract/views/audit-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { EventRow } from '../storage/database/tables/events.ts';
import { eventItem } from './event-item.ts';
import { jsonColumn } from './json-column.ts';

type StoredEvent = Omit<EventRow, 'position'> & { position: number };

/**
 * Clocks of machines step back at times, by seconds; the order of commit does not. Positions are looked for with this
 * much room, the exact time is held against each row.
 */
const CLOCK_SLACK_MS = 36e5;
const NEIGHBOURS = 5;
const EXPORT_PAGE = 2000;

/** Events newest first, filtered; `after` is the position of the last one seen. */
export async function auditView(
  db: ReadDatabase,
  query: AuditFilter & { after?: string | undefined; limit?: number },
): Promise<AuditView> {
  const limit = query.limit ?? 50;
  const bounds = await positionsOf(db, query);
  const chosen = filtered(db, query, bounds);
  const first = query.after === undefined;
  const total = first
    ? await chosen.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    : null;
  const rows = await (first ? chosen : chosen.where('position', '<', Number(query.after)))
    .selectAll()
    .orderBy('position', 'desc')
    .limit(limit + 1)
    .execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(eventItem),
    next: rows.length > limit && last ? String(last.position) : null,
    total: total === null ? null : Number(total.count),
    types: await distinct(db, 'type'),
    actors: await distinct(db, 'actor'),
    kinds: await distinct(db, 'subject_kind'),
    chain: await chainOf(db),
  };
}

/** One event with its data, its seal, and its neighbours about the same subject; undefined when there is none. */
export async function eventView(db: ReadDatabase, eventId: string): Promise<EventView | undefined> {
  const row = await db
    .selectFrom('events')
    .selectAll()
    .where('event_id', '=', eventId)
    .executeTakeFirst();
  if (!row) return undefined;
  const seal = await db
    .selectFrom('event_seals')
    .select('hash')
    .where('position', '=', row.position)
    .executeTakeFirst();
  const ofSubject = db
    .selectFrom('events')
    .selectAll()
    .where('subject_kind', '=', row.subject_kind)
    .where('subject_id', '=', row.subject_id);
  const before = await ofSubject
    .where('position', '<', row.position)
    .orderBy('position', 'desc')
    .limit(NEIGHBOURS)
    .execute();
  const after = await ofSubject
    .where('position', '>', row.position)
    .orderBy('position')
    .limit(NEIGHBOURS)
    .execute();
  return {
    event: eventItem(row),
    data: jsonColumn(row.data, {}),
    seal: seal?.hash ?? null,
    before: before.map(eventItem),
    after: after.map(eventItem),
  };
}

/** The events that fit a filter as lines of JSON in order of commit, each with its seal: what `audit verify` recomputes. */
export async function* exportEvents(db: ReadDatabase, filter: AuditFilter): AsyncGenerator<string> {
  const bounds = await positionsOf(db, filter);
  let position = 0;
  for (;;) {
    const rows = await filtered(db, filter, bounds)
      .where('events.position', '>', position)
      .leftJoin('event_seals', 'event_seals.position', 'events.position')
      .selectAll('events')
      .select('event_seals.hash as seal')
      .orderBy('events.position')
      .limit(EXPORT_PAGE)
      .execute();
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => `${JSON.stringify(exported(row))}\n`).join('');
    position = last.position;
  }
}

function exported(row: StoredEvent & { seal: string | null }): Record<string, unknown> {
  return {
    position: row.position,
    eventId: row.event_id,
    type: row.type,
    subject: { kind: row.subject_kind, id: row.subject_id },
    atMs: row.at_ms,
    recordedAtMs: row.recorded_at_ms,
    actor: row.actor,
    data: jsonColumn(row.data, {}),
    seal: row.seal,
  };
}

type Bounds = { low: number; high: number | null };

function filtered(db: ReadDatabase, filter: AuditFilter, bounds: Bounds) {
  let select = db.selectFrom('events').where('events.position', '>', bounds.low);
  if (bounds.high !== null) select = select.where('events.position', '<=', bounds.high);
  if (filter.from !== undefined) select = select.where('at_ms', '>=', filter.from);
  if (filter.to !== undefined) select = select.where('at_ms', '<=', filter.to);
  if (filter.type !== undefined) select = select.where('type', 'in', filter.type.split(','));
  if (filter.actor !== undefined) select = select.where('actor', '=', filter.actor);
  if (filter.subject !== undefined) {
    const [kind = '', ...rest] = filter.subject.split(':');
    select = select.where('subject_kind', '=', kind);
    if (rest.length > 0) select = select.where('subject_id', '=', rest.join(':'));
  }
  return select;
}

/** Positions between which the events of a time range lie: time follows the order of commit, so no index of it is kept. */
async function positionsOf(db: ReadDatabase, { from, to }: AuditFilter): Promise<Bounds> {
  return {
    low: from === undefined ? 0 : await lastBefore(db, from - CLOCK_SLACK_MS),
    high: to === undefined ? null : await lastBefore(db, to + CLOCK_SLACK_MS),
  };
}

/** The last position whose event lies before an instant, by halving: some twenty reads of the primary key. */
async function lastBefore(db: ReadDatabase, atMs: number): Promise<number> {
  const newest = await db
    .selectFrom('events')
    .select((eb) => eb.fn.max('position').as('position'))
    .executeTakeFirst();
  let low = 0;
  let high = Number(newest?.position ?? 0);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const found = await db
      .selectFrom('events')
      .select(['position', 'at_ms'])
      .where('position', '<=', middle)
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (found === undefined || found.at_ms < atMs) low = middle;
    else high = found.position - 1;
  }
  return low;
}

/** The values of an indexed column, each found by one step in the index instead of a scan of all events. */
async function distinct(
  db: ReadDatabase,
  column: 'type' | 'actor' | 'subject_kind',
): Promise<string[]> {
  const values: string[] = [];
  for (;;) {
    let select = db.selectFrom('events').select(column).orderBy(column).limit(1);
    const last = values.at(-1);
    if (last !== undefined) select = select.where(column, '>', last);
    const row: { [K in typeof column]?: string } | undefined = await select.executeTakeFirst();
    const value = row?.[column];
    if (value === undefined) return values;
    values.push(value);
  }
}

async function chainOf(db: ReadDatabase): Promise<AuditView['chain']> {
  const head = await db
    .selectFrom('event_seals')
    .leftJoin('events', 'events.position', 'event_seals.position')
    .select(['event_seals.position', 'event_seals.hash', 'events.recorded_at_ms'])
    .orderBy('event_seals.position', 'desc')
    .limit(1)
    .executeTakeFirst();
  const sealed = await db
    .selectFrom('event_seals')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const unsealed = await db
    .selectFrom('events')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('position', '>', head?.position ?? 0)
    .executeTakeFirstOrThrow();
  return {
    sealed: Number(sealed.count),
    unsealed: Number(unsealed.count),
    head: head?.hash ?? null,
    headPosition: head?.position ?? null,
    headRecordedMs: head?.recorded_at_ms ?? null,
  };
}
