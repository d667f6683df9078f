import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { insertExperiment, putExperimentTags } from '../experiments-store.ts';
import {
  checkArtifactLocation,
  checkExperimentName,
  checkExperimentTag,
  type KeyValue,
} from '../validate.ts';

/** Makes an experiment and gives its id. Throws RESOURCE_ALREADY_EXISTS also for the name of a deleted one. */
export async function createExperiment(
  ctx: Pick<Context, 'db' | 'ids' | 'clocks' | 'bus'>,
  order: { name: string; artifactLocation: string | undefined; tags: readonly KeyValue[] },
): Promise<string> {
  checkExperimentName(order.name);
  const artifactLocation = order.artifactLocation === '' ? undefined : order.artifactLocation;
  if (artifactLocation !== undefined) checkArtifactLocation(artifactLocation);
  for (const tag of order.tags) checkExperimentTag(tag);
  return ctx.db.transaction().execute(async (tx) => {
    const row = await insertExperiment(tx, {
      name: order.name,
      artifactLocation: artifactLocation ?? null,
      nowMs: ctx.clocks.calendar.nowMs(),
      taken: () =>
        new AppError('RESOURCE_ALREADY_EXISTS', `Experiment(name=${order.name}) already exists.`),
    });
    await putExperimentTags(tx, row.experiment_id, order.tags);
    await appendEvent(ctx, tx, {
      type: 'experiment.created',
      subject: { kind: 'experiment', id: row.experiment_id },
      actor: 'human',
      data: { name: order.name },
    });
    return row.experiment_id;
  });
}
