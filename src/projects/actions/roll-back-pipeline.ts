import { AppError } from '../../base/app-error.ts';
import type { OpenProject } from '../../config/project-file/open-project.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import {
  deploymentInForce,
  findDeployment,
  insertDeployment,
  moveCommit,
} from '../commit-store.ts';
import { checkOutBundle } from './check-out-bundle.ts';

export type PipelineRollback = { sha: string; to: string; bundle: string };

/**
 * Takes the deployed commit back and puts the one before it in force; the next run uses it. Event
 * `pipeline.rolled-back`. Throws `NOTHING_DEPLOYED`, `NO_DEPLOYMENT_BEFORE`.
 */
export async function rollBackPipeline(
  ctx: Pick<Context, 'db' | 'blobs' | 'clocks' | 'ids' | 'bus' | 'paths'>,
  project: OpenProject,
  order: { actor: string; reason: string },
): Promise<PipelineRollback> {
  const inForce = await deploymentInForce(ctx.db);
  if (!inForce) throw new AppError('NOTHING_DEPLOYED', 'No commit is deployed.');
  const before =
    inForce.before_number === null
      ? undefined
      : await findDeployment(ctx.db, inForce.before_number);
  if (!before) {
    throw new AppError(
      'NO_DEPLOYMENT_BEFORE',
      `Commit ${inForce.sha.slice(0, 7)} is the first that is deployed; there is none to go back to.`,
    );
  }
  const bundle = before.bundle as Digest;
  const dir = await checkOutBundle(ctx, bundle);
  await project.load(dir);
  await ctx.db.transaction().execute(async (tx) => {
    const now = await deploymentInForce(tx);
    if (now?.number !== inForce.number)
      throw new AppError('NO_DEPLOYMENT_BEFORE', 'Another commit was deployed at the same moment.');
    await moveCommit(tx, inForce.sha, {
      from: ['deployed'],
      to: 'rolled-back',
      change: { reason: order.reason },
    });
    await moveCommit(tx, before.sha, {
      from: ['replaced', 'rolled-back'],
      to: 'deployed',
      change: { reason: `Commit ${inForce.sha.slice(0, 7)} was taken back; runs use this one.` },
    });
    await insertDeployment(
      tx,
      {
        sha: before.sha,
        bundle: before.bundle,
        pipelines: before.pipelines,
        before_number: before.before_number,
        actor: order.actor,
        reason: order.reason,
        at_ms: ctx.clocks.calendar.nowMs(),
      },
      { number: inForce.number, becomes: 'rolled-back' },
    );
    await appendEvent(ctx, tx, {
      type: 'pipeline.rolled-back',
      subject: { kind: 'commit', id: inForce.sha },
      actor: order.actor,
      data: {
        sha: inForce.sha,
        to: before.sha,
        bundle: before.bundle,
        pipelines: JSON.parse(before.pipelines) as string[],
        actor: order.actor,
        reason: order.reason,
      },
    });
  });
  await project.follow({ dir, commit: before.sha, bundle });
  return { sha: inForce.sha, to: before.sha, bundle };
}
