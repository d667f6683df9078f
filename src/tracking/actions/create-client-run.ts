import { randomUUID } from 'node:crypto';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { findExperiment } from '../experiments-store.ts';
import { randomName } from '../random-name.ts';
import { loadRecords, type RunRecord } from '../run-records-store.ts';
import { insertClientRun, setTags } from '../tracking-store.ts';
import { checkedTag, experimentIdOf, invalid, notFound, type KeyValue } from '../validate.ts';
import { checkActive } from './change-experiment.ts';

/** Makes a run as a client asks for it: running, with a name of its own or a random one. */
export async function createClientRun(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  order: {
    experimentId: string;
    userId: string;
    name: string;
    startTimeMs: number;
    tags: readonly KeyValue[];
  },
): Promise<RunRecord> {
  const experimentId = experimentIdOf(order.experimentId);
  const tags = Object.fromEntries(
    order.tags.map((tag) => {
      const { key, value } = checkedTag(tag);
      return [key, value];
    }),
  );
  const tagged = tags['mlflow.runName'] ?? '';
  if (order.name !== '' && tagged !== '' && order.name !== tagged) {
    throw invalid(
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${order.name}', mlflow.runName='${tagged}').`,
    );
  }
  const name = order.name || tagged || randomName(Math.random);
  const runId = randomUUID().replaceAll('-', '');
  return ctx.db.transaction().execute(async (tx) => {
    const experiment = await findExperiment(tx, { id: experimentId });
    if (!experiment) throw notFound(`No Experiment with id=${experimentId} exists`);
    checkActive(experiment);
    const row = await insertClientRun(tx, {
      run_id: runId,
      experiment_id: experimentId,
      name,
      user_id: order.userId,
      status: 'RUNNING',
      lifecycle_stage: 'active',
      parent_run_id: tags['mlflow.parentRunId'] ?? null,
      artifact_uri: `${experiment.artifact_location.replace(/\/$/, '')}/${runId}/artifacts`,
      start_time_ms: order.startTimeMs,
      end_time_ms: null,
      origin: 'client',
    });
    await setTags(tx, runId, { ...tags, 'mlflow.runName': name });
    await appendEvent(ctx, tx, {
      type: 'client-run.created',
      subject: { kind: 'client-run', id: runId },
      actor: 'human',
      data: { experiment: experimentId, name, user: order.userId },
    });
    const [record] = await loadRecords(tx, [row], { modelInputs: true });
    return (
      record ?? {
        info: row,
        params: [],
        tags: [],
        metrics: [],
        inputs: [],
        modelInputs: [],
        modelOutputs: [],
      }
    );
  });
}
