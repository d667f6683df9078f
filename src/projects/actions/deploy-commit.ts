import type { OpenProject } from '../../config/project-file/open-project.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { deploymentInForce, insertDeployment, moveCommit } from '../commit-store.ts';
import { checkOutBundle } from './check-out-bundle.ts';

/**
 * Puts a commit that passed its checks in force: runs, and everything else that `rondo.yaml` says, go by its bundle from
 * here on. Event `pipeline.deployed`. False when the commit is not waiting for it any more.
 */
export async function deployCommit(
  ctx: Pick<Context, 'db' | 'blobs' | 'clocks' | 'ids' | 'bus' | 'paths'>,
  project: OpenProject,
  commit: { sha: string; bundle: Digest },
): Promise<boolean> {
  const dir = await checkOutBundle(ctx, commit.bundle);
  const pipelines = Object.keys((await project.load(dir)).pipelines);
  const done = await ctx.db.transaction().execute(async (tx) => {
    const before = (await deploymentInForce(tx)) ?? null;
    const atMs = ctx.clocks.calendar.nowMs();
    const moved = await moveCommit(tx, commit.sha, {
      from: ['passed'],
      to: 'deployed',
      change: { reason: 'It passed its checks; runs use it.' },
    });
    if (!moved) return false;
    if (before) {
      await moveCommit(tx, before.sha, {
        from: ['deployed'],
        to: 'replaced',
        change: { reason: `Commit ${commit.sha.slice(0, 7)} took its place.` },
      });
    }
    await insertDeployment(
      tx,
      {
        sha: commit.sha,
        bundle: commit.bundle,
        pipelines: JSON.stringify(pipelines),
        before_number: before?.number ?? null,
        actor: 'auto',
        reason: 'It passed its checks.',
        at_ms: atMs,
      },
      before && { number: before.number, becomes: 'replaced' },
    );
    await appendEvent(ctx, tx, {
      type: 'pipeline.deployed',
      subject: { kind: 'commit', id: commit.sha },
      data: {
        sha: commit.sha,
        bundle: commit.bundle,
        pipelines,
        before: before?.sha ?? null,
        actor: 'auto',
      },
    });
    return true;
  });
  if (done) await project.follow({ dir, commit: commit.sha, bundle: commit.bundle });
  return done;
}
