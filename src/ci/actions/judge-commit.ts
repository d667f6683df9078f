import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import {
  buildBundle,
  type Bundle,
  type LoadDefinition,
} from '../../projects/actions/build-bundle.ts';
import { findCommit, insertBundle, insertChecks, moveCommit } from '../../projects/commit-store.ts';
import type { Repository } from '../../projects/repository.ts';
import { requirementOf, titleOf, type CheckResult } from '../check-result.ts';
import { makeChecks } from './make-checks.ts';

export type JudgeTools = { repository: Repository; load: LoadDefinition; signal: AbortSignal };

/**
 * Builds a commit's bundle, makes its checks and stores the verdict, once: events `ci.started`, `bundle.built` and
 * `ci.finished`. Safe to stop at any moment; begun again it starts from the bundle.
 */
export async function judgeCommit(ctx: Context, tools: JudgeTools, sha: string): Promise<void> {
  const startedAt = performance.now();
  await begin(ctx, sha);
  const bundled = await bundle(ctx, tools, sha);
  const checks = [
    bundled.check,
    ...(bundled.bundle
      ? await makeChecks(ctx, { ...tools, sha, bundle: bundled.bundle.digest })
      : []),
  ];
  await keepLogs(ctx, sha, checks);
  await finish(ctx, sha, {
    bundle: bundled.bundle,
    checks,
    durationMs: performance.now() - startedAt,
  });
}

async function begin(ctx: Context, sha: string): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    const change = { started_ms: ctx.clocks.calendar.nowMs(), reason: null };
    if (!(await moveCommit(tx, sha, { from: ['queued'], to: 'testing', change }))) return;
    await appendEvent(ctx, tx, {
      type: 'ci.started',
      subject: { kind: 'commit', id: sha },
      data: { sha },
    });
  });
}

async function bundle(
  ctx: Context,
  tools: JudgeTools,
  sha: string,
): Promise<{ check: CheckResult; bundle: Bundle | null }> {
  const startedAt = performance.now();
  const check = (state: 'passed' | 'failed', summary: string): CheckResult => ({
    kind: 'bundle',
    state,
    durationMs: performance.now() - startedAt,
    summary,
    log: null,
  });
  try {
    const made = await buildBundle(ctx, { ...tools, sha });
    const size = `${made.files} files, ${Math.ceil(made.sizeBytes / 1024)} KiB`;
    return { check: check('passed', `Bundle ${made.digest.slice(7, 19)}: ${size}.`), bundle: made };
  } catch (error) {
    if (!(error instanceof AppError) || !error.code.startsWith('PROJECT_FILE')) throw error;
    return { check: check('failed', error.message), bundle: null };
  }
}

/** What the checks printed, whole lines, beside the logs of steps. */
async function keepLogs(ctx: Context, sha: string, checks: readonly CheckResult[]): Promise<void> {
  const text = checks
    .flatMap((check) => (check.log === null ? [] : [`== ${check.kind}\n${check.log}\n`]))
    .join('\n');
  if (text === '') return;
  const folder = join(ctx.paths.logs, 'commits');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${sha}.log`), text);
}

async function finish(
  ctx: Context,
  sha: string,
  verdict: { bundle: Bundle | null; checks: readonly CheckResult[]; durationMs: number },
): Promise<void> {
  const { bundle: made, checks, durationMs } = verdict;
  const failed = checks.filter((check) => check.state === 'failed');
  const reason =
    failed.length === 0
      ? null
      : failed.map((check) => `${titleOf(check.kind)}: ${check.summary}`).join(' ');
  const state = reason === null ? 'passed' : 'failed';
  await ctx.db.transaction().execute(async (tx) => {
    const nowMs = ctx.clocks.calendar.nowMs();
    const moved = await moveCommit(tx, sha, {
      from: ['testing'],
      to: state,
      change: {
        reason: reason ?? 'It passed its checks.',
        bundle: made?.digest ?? null,
        finished_ms: nowMs,
        duration_ms: durationMs,
      },
    });
    if (!moved) return;
    await insertChecks(
      tx,
      checks.map((check, position) => ({
        sha,
        kind: check.kind,
        position,
        name: titleOf(check.kind),
        state: check.state,
        duration_ms: check.durationMs,
        summary: check.summary,
        log: check.log,
      })),
    );
    if (made) {
      const { digest, files, sizeBytes } = made;
      await insertBundle(tx, { digest, sha, files, size_bytes: sizeBytes, built_ms: nowMs });
      await appendEvent(ctx, tx, {
        type: 'bundle.built',
        subject: { kind: 'commit', id: sha },
        data: { sha, digest, files, sizeBytes },
      });
    }
    await appendEvent(ctx, tx, {
      type: 'ci.finished',
      subject: { kind: 'commit', id: sha },
      data: {
        sha,
        state,
        reason,
        durationMs,
        checks: checks.map(({ kind, state: found, durationMs: ms, summary }) => ({
          kind,
          requirement: requirementOf(kind),
          state: found,
          durationMs: ms,
          summary,
        })),
      },
    });
  });
}

/** A commit that could not be judged, after some attempts: the fault is its verdict. */
export async function giveUpCommit(ctx: Context, sha: string, error: unknown): Promise<void> {
  const commit = await findCommit(ctx.db, sha);
  if (commit?.state !== 'testing') return;
  const summary = `It could not be tested: ${error instanceof Error ? error.message : String(error)}`;
  await finish(ctx, sha, {
    bundle: null,
    checks: [{ kind: 'bundle', state: 'failed', durationMs: null, summary, log: null }],
    durationMs: 0,
  });
}
