import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Transaction } from '../../storage/database/database.ts';
import type { ExperimentRow } from '../../storage/database/tables/tracking.ts';
import {
  changeExperimentRow,
  findExperiment,
  putExperimentTags,
  removeExperimentTag,
  setRunsStage,
} from '../experiments-store.ts';
import {
  checkExperimentName,
  checkExperimentTag,
  experimentIdOf,
  invalid,
  notFound,
  type KeyValue,
} from '../validate.ts';

export type ExperimentChange =
  | { kind: 'delete' }
  | { kind: 'restore' }
  | { kind: 'rename'; name: string }
  | { kind: 'set-tag'; tag: KeyValue }
  | { kind: 'delete-tag'; key: string };

/** Changes an experiment. Its runs are deleted and restored with it, as MLflow does. */
export async function changeExperiment(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  experimentId: string,
  change: ExperimentChange,
): Promise<void> {
  if (change.kind === 'rename') checkExperimentName(change.name);
  if (change.kind === 'set-tag') checkExperimentTag(change.tag);
  const id = experimentIdOf(experimentId);
  await ctx.db.transaction().execute(async (tx) => {
    const row = await findExperiment(tx, { id });
    if (!row) throw notFound(`No Experiment with id=${id} exists`);
    const event = await apply(ctx, tx, row, change);
    if (event === null) return;
    await appendEvent(ctx, tx, {
      type: event,
      subject: { kind: 'experiment', id },
      actor: 'human',
      data: { name: change.kind === 'rename' ? change.name : row.name },
    });
  });
}

/** Writes the change and gives the event that tells of it; tags are notes, told by none. */
async function apply(
  ctx: Pick<Context, 'clocks'>,
  tx: Transaction,
  row: ExperimentRow,
  change: ExperimentChange,
): Promise<string | null> {
  const id = row.experiment_id;
  const last_update_time_ms = ctx.clocks.calendar.nowMs();
  switch (change.kind) {
    case 'delete':
    case 'restore': {
      const [from, to] = change.kind === 'delete' ? ['active', 'deleted'] : ['deleted', 'active'];
      if (row.lifecycle_stage !== from) throw notFound(`No Experiment with id=${id} exists`);
      await changeExperimentRow(tx, id, { lifecycle_stage: to ?? '', last_update_time_ms });
      await setRunsStage(tx, id, to ?? '');
      return change.kind === 'delete' ? 'experiment.deleted' : 'experiment.restored';
    }
    case 'rename': {
      if (row.lifecycle_stage !== 'active')
        throw new AppError('INVALID_STATE', 'Cannot rename a non-active experiment.');
      const other = await findExperiment(tx, { name: change.name });
      if (other && other.experiment_id !== id) {
        throw new AppError(
          'RESOURCE_ALREADY_EXISTS',
          `Experiment(name=${change.name}) already exists.`,
        );
      }
      await changeExperimentRow(tx, id, { name: change.name, last_update_time_ms });
      return 'experiment.renamed';
    }
    case 'set-tag':
      checkActive(row);
      await putExperimentTags(tx, id, [change.tag]);
      return null;
    case 'delete-tag':
      checkActive(row);
      if (!(await removeExperimentTag(tx, id, change.key)))
        throw notFound(`No tag with name: ${change.key} in experiment with id ${id}`);
      return null;
  }
}

/** Throws for an experiment that is deleted. */
export function checkActive(row: ExperimentRow): void {
  if (row.lifecycle_stage !== 'active') {
    throw invalid(
      `The experiment ${row.experiment_id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    );
  }
}
