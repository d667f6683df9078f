import type { Context } from '../context.ts';
import type { DatasetFile } from './dataset-version.ts';
import { segmentsBetween } from './segment-store.ts';
import { coverFiles, type Stored } from './segment.ts';

/** Below this many files segments are not asked for. */
const FEW_FILES = 8;

/** What is read for files of a dataset, in order of arrival: themselves, or merged files in the place of many. */
export async function storedFiles(
  ctx: Pick<Context, 'db'>,
  dataset: string,
  files: readonly DatasetFile[],
): Promise<readonly Stored[]> {
  const full = files.filter((file) => file.rows > 0);
  const [first, last] = [full[0], full.at(-1)];
  if (!first || !last || full.length < FEW_FILES) return files;
  const range = { from: first.addedSequence, to: last.addedSequence };
  return coverFiles(full, await segmentsBetween(ctx.db, dataset, range));
}
