import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { sqlText } from '../../storage/analytics/analytics.ts';
import { filesAt, findDatasetRow } from '../dataset-store.ts';
import type { DatasetFile } from '../dataset-version.ts';
import { filesSql } from '../file-format.ts';
import { insertSegment, segmentedUntil } from '../segment-store.ts';
import { digestOfFiles, planSegment, SEGMENT_FILES } from '../segment.ts';
import { withPaths } from '../version-rows.ts';

type MergeContext = Pick<Context, 'db' | 'blobs' | 'analytics' | 'clocks' | 'ids' | 'paths'>;

/** What this process knows of each dataset: files up to `from` are done with, and at `nextAt` it is worth a look. */
const known = new WeakMap<object, Map<string, { from: number; nextAt: number }>>();

/**
 * Merges the next small files of a dataset into a segment, once `SEGMENT_FILES` have arrived since the last: opening a
 * thousand files takes far longer than reading their rows. Gives whether one was made. Nothing depends on it: a segment
 * lost or not made yet only costs time.
 */
export async function mergeFiles(ctx: MergeContext, dataset: string): Promise<boolean> {
  const datasets = known.get(ctx.db) ?? new Map<string, { from: number; nextAt: number }>();
  known.set(ctx.db, datasets);
  let done = datasets.get(dataset);
  if (!done) {
    const from = await segmentedUntil(ctx.db, dataset);
    done = { from, nextAt: from + SEGMENT_FILES };
    datasets.set(dataset, done);
  }
  const sequence = (await findDatasetRow(ctx.db, dataset))?.sequence ?? 0;
  if (sequence < done.nextAt) return false;
  const files = await filesAt(ctx.db, {
    dataset,
    sequence,
    afterSequence: done.from,
    status: 'accepted',
  });
  const plan = planSegment(files);
  if (!plan) {
    done.nextAt = sequence + SEGMENT_FILES / 4;
    return false;
  }
  const digest = await writeSegment(ctx, plan.files);
  const [first, last] = [plan.files[0], plan.files.at(-1)];
  if (!first || !last) return false;
  await ctx.db.transaction().execute((tx) =>
    insertSegment(
      tx,
      dataset,
      {
        fromSequence: first.addedSequence,
        toSequence: last.addedSequence,
        files: plan.files.length,
        filesDigest: digestOfFiles(plan.files),
        digest,
      },
      ctx.clocks.calendar.nowMs(),
    ),
  );
  datasets.set(dataset, { from: plan.until, nextAt: plan.until + SEGMENT_FILES });
  return true;
}

async function writeSegment(
  ctx: MergeContext,
  files: readonly DatasetFile[],
): Promise<DatasetFile['digest']> {
  await mkdir(ctx.paths.temp, { recursive: true });
  const target = join(ctx.paths.temp, `${ctx.ids.next('segment')}.parquet`);
  try {
    const rows = filesSql(await withPaths(ctx, files));
    await ctx.analytics.run(`copy (from ${rows}) to ${sqlText(target)} (format parquet)`);
    return (await ctx.blobs.putFile(target)).digest;
  } finally {
    await rm(target, { force: true });
  }
}
