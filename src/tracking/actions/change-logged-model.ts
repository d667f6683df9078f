import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import {
  findLoggedModel,
  loadLoggedModels,
  putModelEntries,
  removeModelTag,
  updateLoggedModel,
  type LoggedModel,
} from '../logged-models-store.ts';
import { invalid, notFound, type KeyValue } from '../validate.ts';

const STATUSES = [
  'LOGGED_MODEL_STATUS_UNSPECIFIED',
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
];

export type LoggedModelChange =
  | { kind: 'finalize'; status: string | number }
  | { kind: 'delete' }
  | { kind: 'tags'; tags: readonly KeyValue[] }
  | { kind: 'delete-tag'; key: string }
  | { kind: 'params'; params: readonly KeyValue[] };

/** Changes a logged model and gives it as it is then. Throws RESOURCE_DOES_NOT_EXIST. */
export async function changeLoggedModel(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  modelId: string,
  change: LoggedModelChange,
): Promise<LoggedModel> {
  const updated_at_ms = ctx.clocks.calendar.nowMs();
  return ctx.db.transaction().execute(async (tx) => {
    const row = await findLoggedModel(tx, modelId);
    if (!row || row.lifecycle_stage === 'deleted') throw missingModel(modelId);
    let event: string | null = null;
    switch (change.kind) {
      case 'finalize':
        await updateLoggedModel(tx, modelId, { status: statusOf(change.status), updated_at_ms });
        event = 'logged-model.finalized';
        break;
      case 'delete':
        await updateLoggedModel(tx, modelId, { lifecycle_stage: 'deleted', updated_at_ms });
        event = 'logged-model.deleted';
        break;
      case 'tags':
        await putModelEntries(tx, 'logged_model_tags', modelId, change.tags);
        break;
      case 'params':
        await putModelEntries(tx, 'logged_model_params', modelId, change.params);
        break;
      case 'delete-tag':
        if (!(await removeModelTag(tx, modelId, change.key)))
          throw notFound(`No tag with key '${change.key}' found for model with ID '${modelId}'.`);
    }
    const after = (await findLoggedModel(tx, modelId)) ?? row;
    if (event !== null) {
      await appendEvent(ctx, tx, {
        type: event,
        subject: { kind: 'logged-model', id: modelId },
        actor: 'human',
        data: { name: after.name, status: after.status, run: after.source_run_id },
      });
    }
    const [model] = await loadLoggedModels(tx, [after]);
    return model ?? { info: after, params: [], tags: [], metrics: [] };
  });
}

function statusOf(status: string | number): string {
  const name = typeof status === 'number' ? STATUSES[status] : status;
  if (name === undefined || !STATUSES.includes(name))
    throw invalid(`Invalid value ${JSON.stringify(status)} for parameter 'status' supplied.`);
  return name;
}

export function missingModel(modelId: string): Error {
  return notFound(`Logged model with ID '${modelId}' not found.`);
}
