import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { insertCommit } from '../commit-store.ts';
import type { GitCommit } from '../repository.ts';

/** Writes down a commit on the watched branch, once; event `commit.seen`. False when it was known. */
export async function seeCommit(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  commit: GitCommit,
  branch: string,
): Promise<boolean> {
  return ctx.db.transaction().execute(async (tx) => {
    const { sha, subject, author, committedMs } = commit;
    const isNew = await insertCommit(tx, {
      sha,
      branch,
      subject,
      author,
      committed_ms: committedMs,
      seen_ms: ctx.clocks.calendar.nowMs(),
      state: 'queued',
    });
    if (!isNew) return false;
    await appendEvent(ctx, tx, {
      type: 'commit.seen',
      subject: { kind: 'commit', id: sha },
      data: { sha, branch, subject, author, committedMs },
    });
    return true;
  });
}
