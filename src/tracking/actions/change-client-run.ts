import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { RunRow } from '../../storage/database/tables/tracking.ts';
import { findTrackedRun, setTags, updateRun } from '../tracking-store.ts';
import { invalid, notFound } from '../validate.ts';

const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];
const ENDED = ['FINISHED', 'FAILED', 'KILLED'];

export type RunChange =
  | {
      kind: 'update';
      status: string | number | undefined;
      endTimeMs: number | undefined;
      name: string | undefined;
    }
  | { kind: 'delete' }
  | { kind: 'restore' };

/** Changes what a client may change of a run, and gives it as it is then. Throws RESOURCE_DOES_NOT_EXIST. */
export async function changeClientRun(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  runId: string,
  change: RunChange,
): Promise<RunRow> {
  return ctx.db.transaction().execute(async (tx) => {
    const row = await findTrackedRun(tx, runId);
    if (!row) throw notFound(`Run with id=${runId} not found`);
    const next = changed(row, change);
    await updateRun(tx, runId, next);
    if (next.name !== row.name) await setTags(tx, runId, { 'mlflow.runName': next.name });
    const event = eventOf(row, next);
    if (event !== null) {
      await appendEvent(ctx, tx, {
        type: event,
        subject: { kind: 'client-run', id: runId },
        actor: 'human',
        data: { experiment: row.experiment_id, name: next.name, status: next.status },
      });
    }
    return next;
  });
}

function changed(row: RunRow, change: RunChange): RunRow {
  if (change.kind !== 'update')
    return { ...row, lifecycle_stage: change.kind === 'delete' ? 'deleted' : 'active' };
  checkRunActive(row);
  const name = change.name ?? '';
  return {
    ...row,
    ...(change.status === undefined ? {} : { status: statusOf(change.status) }),
    ...(change.endTimeMs === undefined ? {} : { end_time_ms: change.endTimeMs }),
    ...(name === '' ? {} : { name }),
  };
}

/** A run of a pipeline has events of its own. */
function eventOf(before: RunRow, after: RunRow): string | null {
  if (before.lifecycle_stage !== after.lifecycle_stage)
    return after.lifecycle_stage === 'deleted' ? 'client-run.deleted' : 'client-run.restored';
  if (before.origin === 'client' && before.status !== after.status)
    return ENDED.includes(after.status) ? 'client-run.ended' : 'client-run.resumed';
  return null;
}

function statusOf(status: string | number): string {
  const name = typeof status === 'number' ? STATUSES[status - 1] : status;
  if (name === undefined || !STATUSES.includes(name))
    throw invalid(`Invalid value ${JSON.stringify(status)} for parameter 'status' supplied.`);
  return name;
}

/** Throws for a run that is deleted: nothing more is logged to it. */
export function checkRunActive(row: RunRow): void {
  if (row.lifecycle_stage !== 'active') {
    throw invalid(
      `The run ${row.run_id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    );
  }
}
