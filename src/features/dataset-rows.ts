import type { Context } from '../context.ts';
import type { DatasetFile } from '../datasets/dataset-version.ts';
import { filesSql, formatOf } from '../datasets/file-format.ts';
import { findDataset } from '../datasets/find-dataset.ts';
import { storedFiles } from '../datasets/stored-files.ts';
import type { Stored } from '../datasets/segment.ts';
import { sourceOf } from '../datasets/sources/index.ts';
import { sqlName } from '../storage/analytics/analytics.ts';
import { availableMs, KNOWN_MS } from './view-sql.ts';

/** Time columns of a dataset, as the project says. */
export type DatasetTime = { event: string; available?: string | undefined } | undefined;

type ReadContext = Pick<Context, 'db' | 'blobs' | 'project'>;

/** A query of the rows of dataset files (in order of arrival), columns matched by name. */
export async function readFiles(
  ctx: ReadContext,
  dataset: string,
  given: readonly DatasetFile[],
): Promise<string> {
  const files = await storedFiles(ctx, dataset, given);
  const { source } = findDataset(ctx.project, dataset);
  const reading = sourceOf(source.kind).reading(source);
  const queries: string[] = [];
  const kinds = Map.groupBy(
    files,
    (file) => `${formatOf(file.path)} ${/\.gz$/i.test(file.path)} ${/\.tsv/i.test(file.path)}`,
  );
  for (const some of kinds.values()) {
    const local = await Promise.all(
      some.map(async (file) => ({
        path: file.path,
        local: await ctx.blobs.localPath(file.digest),
      })),
    );
    queries.push(`select * from ${filesSql(local, { ...reading, byName: !sameColumns(some) })}`);
  }
  return queries.join(' union all by name ');
}

/** Parquet files of one form need no look into each before reading; of other formats the types are guessed per file. */
function sameColumns(files: readonly Stored[]): boolean {
  if (files.length === 1) return true;
  const lists = new Set(files.map((file) => file.columns));
  const forms = new Set([...lists].map((columns) => JSON.stringify(columns)));
  return forms.size === 1 && files.every((file) => formatOf(file.path) === 'parquet');
}

/**
 * A query of the rows of files with the hidden column `KNOWN_MS`: the dataset's availability column, or the time of
 * registration where the dataset names none.
 */
export async function readKnownFiles(
  ctx: ReadContext,
  dataset: string,
  files: readonly DatasetFile[],
): Promise<string> {
  const time: DatasetTime = findDataset(ctx.project, dataset).time;
  if (time?.available !== undefined) {
    const known = availableMs(sqlName(time.available));
    return `select *, ${known} as ${KNOWN_MS} from (${await readFiles(ctx, dataset, files)})`;
  }
  const parts: string[] = [];
  for (const [registeredAtMs, some] of Map.groupBy(files, (file) => file.registeredAtMs)) {
    const rows = await readFiles(ctx, dataset, some);
    parts.push(`select *, ${registeredAtMs}::bigint as ${KNOWN_MS} from (${rows})`);
  }
  return parts.join(' union all by name ');
}

/** Files that can hold rows with event time in [fromMs, toMs) that were known by `asOfMs`. */
export function filesOfWindow(
  files: readonly DatasetFile[],
  window: { fromMs: number; toMs: number; asOfMs: number },
): DatasetFile[] {
  return files.filter(
    (file) =>
      (file.maxEventMs === null || file.maxEventMs >= window.fromMs) &&
      (file.minEventMs === null || file.minEventMs < window.toMs) &&
      (file.minAvailableMs === null || file.minAvailableMs <= window.asOfMs),
  );
}
