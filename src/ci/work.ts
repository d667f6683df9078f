import type { OpenProject } from '../config/project-file/open-project.ts';
import type { Context } from '../context.ts';
import { deployCommit } from '../projects/actions/deploy-commit.ts';
import { seeCommit } from '../projects/actions/see-commit.ts';
import { commitsInState, deploymentInForce, moveCommit } from '../projects/commit-store.ts';
import { branchStamp, findRepository, headOf, type Repository } from '../projects/repository.ts';
import { runsActive } from '../runs/work.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import type { Work } from '../work.ts';
import { giveUpCommit, judgeCommit } from './actions/judge-commit.ts';

/** Commits from being seen to being deployed. */
export type CommitsPart = {
  work: Work;
  /** Nothing starts by itself before the first commit had its verdict, so that the first run is of a commit too. */
  holdsTriggers(): boolean;
  /** Is a commit being tested? */
  active(): boolean;
  /** Resolves when none is. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/** How often a folder without a repository is looked at again. */
const LOOK_AGAIN_MS = 10_000;
const MOST_ATTEMPTS = 3;

/**
 * Watches the branch that `ci:` names: one stat a round. A new commit is tested in the background, one at a time, and
 * deployed when it passed and no run is at work. Without `ci:` or without git nothing happens, and runs are of the
 * project's folder.
 */
export function watchCommits(project: OpenProject): CommitsPart {
  let repository: Repository | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let seen = '';
  /** Something may be waiting for its tests or its deployment. */
  let isPending = true;
  let holds = false;
  let job: Promise<void> | null = null;
  const stopping = new AbortController();
  const attempts = new Map<string, number>();

  const look = async (ctx: Context, branch: string): Promise<boolean> => {
    if (!repository) {
      const nowMs = ctx.clocks.monotonic.nowMs();
      if (nowMs - lookedAtMs < LOOK_AGAIN_MS) return false;
      lookedAtMs = nowMs;
      repository = await findRepository(project.dir);
      if (!repository) return false;
    }
    const stamp = `${branch} ${branchStamp(repository, branch)}`;
    if (stamp === seen) return false;
    const head = await headOf(repository, branch);
    const isNew = head !== null && (await seeCommit(ctx, head, branch));
    if (!head)
      ctx.logger.warn(
        { branch },
        'the watched branch has no commit; runs are of the files as they are',
      );
    seen = stamp;
    if (isNew) isPending = true;
    return isNew;
  };

  const start = (ctx: Context, sha: string): void => {
    if (!repository || job || stopping.signal.aborted) return;
    const { signal } = stopping;
    const tools = { repository, signal, load: (dir: string) => project.load(dir) };
    job = judgeCommit(ctx, tools, sha)
      .catch(async (error: unknown) => {
        if (signal.aborted) return;
        const attempt = (attempts.get(sha) ?? 0) + 1;
        attempts.set(sha, attempt);
        ctx.logger.error({ err: error, commit: sha, attempt }, 'a commit could not be tested');
        if (attempt >= MOST_ATTEMPTS) await giveUpCommit(ctx, sha, error);
      })
      .catch((error: unknown) => {
        ctx.logger.error({ err: error, commit: sha }, 'a verdict could not be stored');
      })
      .finally(() => {
        job = null;
        isPending = true;
      });
  };

  /** Takes every commit that waits one step further. */
  const advance = async (ctx: Context): Promise<boolean> => {
    const waiting = await commitsInState(ctx.db, ['queued', 'testing', 'passed']);
    const passed = waiting.filter((commit) => commit.state === 'passed');
    const untested = waiting.filter((commit) => commit.state !== 'passed');
    const newest = passed.at(-1);
    let didSomething = false;
    if (newest?.bundle && !(await runsActive(ctx))) {
      for (const older of passed.slice(0, -1)) {
        const reason = `Commit ${newest.sha.slice(0, 7)} was deployed instead.`;
        await ctx.db
          .transaction()
          .execute((tx) =>
            moveCommit(tx, older.sha, { from: ['passed'], to: 'replaced', change: { reason } }),
          );
      }
      const { sha } = newest;
      didSomething = await deployCommit(ctx, project, { sha, bundle: newest.bundle as Digest });
      if (didSomething) passed.length = 0;
    }
    const next = untested[0];
    if (next) start(ctx, next.sha);
    isPending = passed.length > 0;
    holds =
      (untested.length > 0 || passed.length > 0) && (await deploymentInForce(ctx.db)) === undefined;
    return didSomething;
  };

  return {
    work: {
      name: 'commits',
      async run(ctx) {
        const { ci } = project.definition();
        if (!ci) {
          holds = false;
          // The commit that took "ci:" out was the last to be deployed.
          if (project.code().commit === null) return false;
          await project.follow(null);
          return true;
        }
        const isNew = await look(ctx, ci.branch);
        if (!isPending || !repository) return isNew;
        return (await advance(ctx)) || isNew;
      },
    },
    holdsTriggers: () => holds,
    active: () => job !== null,
    async idle() {
      await job;
    },
    async close() {
      stopping.abort();
      await job?.catch(() => undefined);
    },
  };
}
