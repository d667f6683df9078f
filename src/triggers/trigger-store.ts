import type { Json } from '../base/json.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { TriggerFiringRow, TriggerRow } from '../storage/database/tables/triggers.ts';
import type { StoredMessage } from './message.ts';

/** Events and rows read at a time. */
export const BATCH = 500;

export type StoredTrigger = {
  trigger: string;
  pipeline: string;
  kind: string;
  config: string;
  sentence: string;
  enabled: boolean;
  active: boolean;
  position: number;
  consideredMs: number;
  lastFiredMs: number | null;
};

export type FiringState = 'waiting' | 'claimed' | 'fired' | 'skipped';

export type Firing = {
  firingId: string;
  trigger: string;
  pipeline: string;
  kind: string;
  occasion: string;
  eventId: string | null;
  dueMs: number;
  state: FiringState;
  runId: string | null;
  reason: string;
  missed: number;
  cause: { [key: string]: Json };
  /** Null for what was no message. */
  message: StoredMessage | null;
  createdMs: number;
};

function toTrigger(row: TriggerRow): StoredTrigger {
  return {
    trigger: row.trigger,
    pipeline: row.pipeline,
    kind: row.kind,
    config: row.config,
    sentence: row.sentence,
    enabled: row.enabled === 1,
    active: row.active === 1,
    position: row.position,
    consideredMs: row.considered_ms,
    lastFiredMs: row.last_fired_ms,
  };
}

function toFiring(row: TriggerFiringRow): Firing {
  return {
    firingId: row.firing_id,
    trigger: row.trigger,
    pipeline: row.pipeline,
    kind: row.kind,
    occasion: row.occasion,
    eventId: row.event_id,
    dueMs: row.due_ms,
    state: row.state as FiringState,
    runId: row.run_id,
    reason: row.reason,
    missed: row.missed,
    cause: JSON.parse(row.cause) as Firing['cause'],
    message: row.message === null ? null : (JSON.parse(row.message) as StoredMessage),
    createdMs: row.created_ms,
  };
}

export async function listTriggers(db: ReadDatabase): Promise<StoredTrigger[]> {
  const rows = await db
    .selectFrom('triggers')
    .selectAll()
    .where('active', '=', 1)
    .orderBy('trigger')
    .execute();
  return rows.map(toTrigger);
}

export async function findTrigger(
  db: ReadDatabase,
  name: string,
): Promise<StoredTrigger | undefined> {
  const row = await db
    .selectFrom('triggers')
    .selectAll()
    .where('trigger', '=', name)
    .executeTakeFirst();
  return row && toTrigger(row);
}

/** The last event's position: everything up to it is history for a new trigger. */
export async function headPosition(db: ReadDatabase): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select((eb) => eb.fn.max('position').as('position'))
    .executeTakeFirst();
  return row?.position ?? 0;
}

/** Writes a rule. New, changed and reactivated ones start afresh: from the present event and instant on. */
export async function putTrigger(
  tx: Transaction,
  rule: Pick<StoredTrigger, 'trigger' | 'pipeline' | 'kind' | 'config' | 'sentence'>,
  fresh: { position: number; nowMs: number },
): Promise<void> {
  const start = {
    pipeline: rule.pipeline,
    kind: rule.kind,
    config: rule.config,
    sentence: rule.sentence,
    active: 1,
    position: fresh.position,
    considered_ms: fresh.nowMs,
  };
  await tx
    .insertInto('triggers')
    .values({
      ...start,
      trigger: rule.trigger,
      enabled: 1,
      last_fired_ms: null,
      created_ms: fresh.nowMs,
    })
    .onConflict((conflict) => conflict.column('trigger').doUpdateSet(start))
    .execute();
}

export async function deactivateTrigger(tx: Transaction, trigger: string): Promise<void> {
  await tx.updateTable('triggers').set({ active: 0 }).where('trigger', '=', trigger).execute();
}

export async function setTriggerEnabled(
  tx: Transaction,
  trigger: string,
  enabled: boolean,
): Promise<void> {
  await tx
    .updateTable('triggers')
    .set({ enabled: enabled ? 1 : 0 })
    .where('trigger', '=', trigger)
    .execute();
}

export async function moveConsidered(
  tx: Transaction,
  trigger: string,
  considered: { position: number; consideredMs: number },
): Promise<void> {
  await tx
    .updateTable('triggers')
    .set({ position: considered.position, considered_ms: considered.consideredMs })
    .where('trigger', '=', trigger)
    .execute();
}

export async function setLastFired(tx: Transaction, trigger: string, atMs: number): Promise<void> {
  await tx
    .updateTable('triggers')
    .set({ last_fired_ms: atMs })
    .where('trigger', '=', trigger)
    .execute();
}

/** Inserts a firing; false when the trigger already has one of this occasion. */
export async function insertFiring(tx: Transaction, firing: Firing): Promise<boolean> {
  const result = await tx
    .insertInto('trigger_firings')
    .values({
      firing_id: firing.firingId,
      trigger: firing.trigger,
      pipeline: firing.pipeline,
      kind: firing.kind,
      occasion: firing.occasion,
      event_id: firing.eventId,
      due_ms: firing.dueMs,
      state: firing.state,
      run_id: firing.runId,
      reason: firing.reason,
      missed: firing.missed,
      cause: JSON.stringify(firing.cause),
      message: firing.message === null ? null : JSON.stringify(firing.message),
      created_ms: firing.createdMs,
    })
    .onConflict((conflict) => conflict.columns(['trigger', 'occasion']).doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Moves a firing from one state to another; false when it was not in that state any more. */
export async function moveFiring(
  tx: Transaction,
  firingId: string,
  change: { from: FiringState; to: FiringState; runId?: string; reason: string },
): Promise<boolean> {
  const result = await tx
    .updateTable('trigger_firings')
    .set({
      state: change.to,
      reason: change.reason,
      ...(change.runId === undefined ? {} : { run_id: change.runId }),
    })
    .where('firing_id', '=', firingId)
    .where('state', '=', change.from)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) > 0;
}

export async function firingsInState(db: ReadDatabase, state: FiringState): Promise<Firing[]> {
  const rows = await db
    .selectFrom('trigger_firings')
    .selectAll()
    .where('state', '=', state)
    .orderBy('firing_id')
    .execute();
  return rows.map(toFiring);
}

export async function findFiring(
  db: ReadDatabase,
  key: { trigger: string; occasion: string },
): Promise<Firing | undefined> {
  const row = await db
    .selectFrom('trigger_firings')
    .selectAll()
    .where('trigger', '=', key.trigger)
    .where('occasion', '=', key.occasion)
    .executeTakeFirst();
  return row && toFiring(row);
}

/** Firings of a trigger or of all, newest first. */
export async function listFirings(
  db: ReadDatabase,
  query: { trigger?: string; before?: string; limit: number },
): Promise<Firing[]> {
  let select = db
    .selectFrom('trigger_firings')
    .selectAll()
    .orderBy('firing_id', 'desc')
    .limit(query.limit);
  if (query.trigger !== undefined) select = select.where('trigger', '=', query.trigger);
  if (query.before !== undefined) select = select.where('firing_id', '<', query.before);
  return (await select.execute()).map(toFiring);
}

/** An unfinished run of the pipeline, or a firing about to start one; null when there is none. */
export async function activeRunOf(db: ReadDatabase, pipeline: string): Promise<string | null> {
  const run = await db
    .selectFrom('pipeline_runs')
    .select('run_id')
    .where('pipeline', '=', pipeline)
    .where('state', 'in', ['queued', 'running'])
    .limit(1)
    .executeTakeFirst();
  if (run) return `run ${run.run_id}`;
  const claimed = await db
    .selectFrom('trigger_firings')
    .select('trigger')
    .where('state', '=', 'claimed')
    .where('pipeline', '=', pipeline)
    .limit(1)
    .executeTakeFirst();
  return claimed ? `the run that ${claimed.trigger} starts` : null;
}

/** The run of a pipeline that was started last. */
export async function lastRunStart(
  db: ReadDatabase,
  pipeline: string,
): Promise<{ runId: string; state: string; startedAtMs: number } | undefined> {
  const row = await db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'state', 'started_at_ms'])
    .where('pipeline', '=', pipeline)
    .orderBy('run_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { runId: row.run_id, state: row.state, startedAtMs: row.started_at_ms };
}

/** The number of the dataset's version that the pipeline's newest run was pinned to; 0 when none was. */
export async function lastPinnedNumber(
  db: ReadDatabase,
  query: { pipeline: string; dataset: string },
): Promise<number> {
  const rows = await db
    .selectFrom('pipeline_runs')
    .select('pins')
    .where('pipeline', '=', query.pipeline)
    .where('pins', 'is not', null)
    .orderBy('run_id', 'desc')
    .limit(20)
    .execute();
  for (const row of rows) {
    const pins = JSON.parse(row.pins ?? '{}') as { datasets?: Record<string, { number: number }> };
    const number = pins.datasets?.[query.dataset]?.number;
    if (number !== undefined) return number;
  }
  return 0;
}

/** Rows that valid versions of a dataset after a number brought. */
export async function newRowsAfter(
  db: ReadDatabase,
  query: { dataset: string; number: number },
): Promise<number> {
  const row = await db
    .selectFrom('dataset_versions')
    .select((eb) => eb.fn.sum<number>('new_rows').as('rows'))
    .where('dataset', '=', query.dataset)
    .where('number', '>', query.number)
    .where('state', '=', 'valid')
    .executeTakeFirst();
  // Postgres gives sums as text.
  return Number((row?.rows ?? 0) as number | string);
}

/** How a dataset stands against its newest version: rows now, rows and time then. */
export async function datasetStanding(
  db: ReadDatabase,
  dataset: string,
): Promise<{ rows: number; versionRows: number; versionAtMs: number | null } | undefined> {
  const now = await db
    .selectFrom('datasets')
    .select('row_count')
    .where('name', '=', dataset)
    .executeTakeFirst();
  if (!now) return undefined;
  const version = await db
    .selectFrom('dataset_versions')
    .select(['rows', 'created_at_ms'])
    .where('dataset', '=', dataset)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    rows: now.row_count,
    versionRows: version?.rows ?? 0,
    versionAtMs: version?.created_at_ms ?? null,
  };
}
