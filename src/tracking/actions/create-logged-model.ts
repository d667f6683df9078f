import { randomUUID } from 'node:crypto';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { LoggedModelRow } from '../../storage/database/tables/tracking.ts';
import { findExperiment } from '../experiments-store.ts';
import {
  insertLoggedModel,
  loadLoggedModels,
  putModelEntries,
  type LoggedModel,
} from '../logged-models-store.ts';
import { randomName } from '../random-name.ts';
import { checkLoggedModelName, experimentIdOf, notFound, type KeyValue } from '../validate.ts';
import { checkActive } from './change-experiment.ts';

/** Makes a logged model; its files come afterwards, and `finalize` says when all are there. */
export async function createLoggedModel(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  order: {
    experimentId: string;
    name: string | undefined;
    modelType: string | undefined;
    sourceRunId: string | undefined;
    params: readonly KeyValue[];
    tags: readonly KeyValue[];
  },
): Promise<LoggedModel> {
  if (order.name !== undefined) checkLoggedModelName(order.name);
  const experimentId = experimentIdOf(order.experimentId);
  const modelId = `m-${randomUUID().replaceAll('-', '')}`;
  const nowMs = ctx.clocks.calendar.nowMs();
  return ctx.db.transaction().execute(async (tx) => {
    const experiment = await findExperiment(tx, { id: experimentId });
    if (!experiment) throw notFound(`No Experiment with id=${experimentId} exists`);
    checkActive(experiment);
    const row: LoggedModelRow = {
      model_id: modelId,
      experiment_id: experimentId,
      name: order.name ?? randomName(Math.random),
      artifact_location: `${experiment.artifact_location.replace(/\/$/, '')}/models/${modelId}/artifacts`,
      status: 'LOGGED_MODEL_PENDING',
      status_message: null,
      model_type: order.modelType ?? null,
      source_run_id: order.sourceRunId ?? null,
      lifecycle_stage: 'active',
      created_at_ms: nowMs,
      updated_at_ms: nowMs,
    };
    await insertLoggedModel(tx, row);
    await putModelEntries(tx, 'logged_model_params', modelId, order.params);
    await putModelEntries(tx, 'logged_model_tags', modelId, order.tags);
    await appendEvent(ctx, tx, {
      type: 'logged-model.created',
      subject: { kind: 'logged-model', id: modelId },
      actor: 'human',
      data: { experiment: experimentId, name: row.name, run: row.source_run_id },
    });
    const [model] = await loadLoggedModels(tx, [row]);
    return model ?? { info: row, params: [], tags: [], metrics: [] };
  });
}
