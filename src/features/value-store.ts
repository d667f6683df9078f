import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { FeatureValueRow } from '../storage/database/tables/features.ts';
import type { FeatureValue } from './feature-view.ts';

const CHUNK = 400;

/** One value of a view: known from `availableMs` on, for what happened until `eventMs`. */
export type ViewValue = {
  key: string;
  eventMs: number;
  availableMs: number;
  values: Record<string, FeatureValue>;
};

/** Gives the next number for a change of the latest values; grows over all views. */
export async function nextSequence(tx: Transaction): Promise<number> {
  await tx
    .updateTable('feature_sequence')
    .set((e) => ({ sequence: e('sequence', '+', 1) }))
    .where('id', '=', 1)
    .execute();
  const row = await tx
    .selectFrom('feature_sequence')
    .select('sequence')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  return row.sequence;
}

/** Sets the latest value of each key, unless a newer one by event time stands there. */
export async function putValues(
  tx: Transaction,
  viewDigest: string,
  change: { values: readonly ViewValue[]; sequence: number },
): Promise<void> {
  for (let at = 0; at < change.values.length; at += CHUNK) {
    await tx
      .insertInto('feature_values')
      .values(
        change.values.slice(at, at + CHUNK).map((value) => ({
          view_digest: viewDigest,
          key: value.key,
          event_ms: value.eventMs,
          available_ms: value.availableMs,
          value_json: JSON.stringify(value.values),
          sequence: change.sequence,
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['view_digest', 'key'])
          .doUpdateSet((e) => ({
            event_ms: e.ref('excluded.event_ms'),
            available_ms: e.ref('excluded.available_ms'),
            value_json: e.ref('excluded.value_json'),
            sequence: e.ref('excluded.sequence'),
          }))
          .whereRef('excluded.event_ms', '>=', 'feature_values.event_ms'),
      )
      .execute();
  }
}

/** Makes every value of a view missing, before it is made anew: keys that do not come back stay so. */
export async function blankValues(
  tx: Transaction,
  viewDigest: string,
  change: { valueJson: string; sequence: number },
): Promise<void> {
  await tx
    .updateTable('feature_values')
    .set({ value_json: change.valueJson, event_ms: 0, available_ms: 0, sequence: change.sequence })
    .where('view_digest', '=', viewDigest)
    .execute();
}

export async function insertPending(
  tx: Transaction,
  viewDigest: string,
  values: readonly ViewValue[],
): Promise<void> {
  for (let at = 0; at < values.length; at += CHUNK) {
    await tx
      .insertInto('feature_pending')
      .values(
        values.slice(at, at + CHUNK).map((value) => ({
          view_digest: viewDigest,
          key: value.key,
          event_ms: value.eventMs,
          available_ms: value.availableMs,
          value_json: JSON.stringify(value.values),
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['view_digest', 'key', 'available_ms'])
          .doUpdateSet((e) => ({
            event_ms: e.ref('excluded.event_ms'),
            value_json: e.ref('excluded.value_json'),
          }))
          .whereRef('excluded.event_ms', '>=', 'feature_pending.event_ms'),
      )
      .execute();
  }
}

/** When the next value held back becomes available; null when none is. */
export async function nextPendingMs(db: ReadDatabase): Promise<number | null> {
  const row = await db
    .selectFrom('feature_pending')
    .select((e) => e.fn.min('available_ms').as('at'))
    .executeTakeFirst();
  return (row?.at as number | null | undefined) ?? null;
}

/** Publishes the values held back until `nowMs`; in order of availability, so that the newest wins. */
export async function releasePending(tx: Transaction, nowMs: number): Promise<number> {
  const due = await tx
    .selectFrom('feature_pending')
    .selectAll()
    .where('available_ms', '<=', nowMs)
    .orderBy('available_ms')
    .execute();
  if (due.length === 0) return 0;
  const sequence = await nextSequence(tx);
  const byView = new Map<string, Map<string, ViewValue>>();
  for (const row of due) {
    const values = byView.get(row.view_digest) ?? new Map<string, ViewValue>();
    byView.set(row.view_digest, values);
    const before = values.get(row.key);
    if (before && before.eventMs > row.event_ms) continue;
    values.set(row.key, {
      key: row.key,
      eventMs: row.event_ms,
      availableMs: row.available_ms,
      values: JSON.parse(row.value_json) as Record<string, FeatureValue>,
    });
  }
  for (const [viewDigest, values] of byView) {
    await putValues(tx, viewDigest, { values: [...values.values()], sequence });
  }
  await tx.deleteFrom('feature_pending').where('available_ms', '<=', nowMs).execute();
  return due.length;
}

/** Latest values changed after `sequence`, in order, for the push to the gateway. */
export async function valuesAfter(
  db: ReadDatabase,
  query: { sequence: number; limit: number },
): Promise<FeatureValueRow[]> {
  return db
    .selectFrom('feature_values')
    .selectAll()
    .where('sequence', '>', query.sequence)
    .orderBy('sequence')
    .limit(query.limit)
    .execute();
}

/** Latest values of one view by key, for lists: keyset paging on the key. */
export async function valuesOfView(
  db: ReadDatabase,
  query: { viewDigest: string; after: string | null; limit: number },
): Promise<FeatureValueRow[]> {
  let select = db
    .selectFrom('feature_values')
    .selectAll()
    .where('view_digest', '=', query.viewDigest);
  if (query.after !== null) select = select.where('key', '>', query.after);
  return select.orderBy('key').limit(query.limit).execute();
}
