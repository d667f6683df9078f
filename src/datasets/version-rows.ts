import type { Context, Project } from '../context.ts';
import { sqlName } from '../storage/analytics/analytics.ts';
import { filesAt } from './dataset-store.ts';
import type { DatasetFile, DatasetVersion } from './dataset-version.ts';
import { filesSql, formatOf } from './file-format.ts';
import { findDataset } from './find-dataset.ts';
import type { Column } from './schema.ts';
import type { Stored } from './segment.ts';
import { sourceOf } from './sources/index.ts';
import { storedFiles } from './stored-files.ts';

/** Rows as DuckDB reads them: a table expression and its columns. */
export type Relation = { sql: string; columns: Column[] };
type RowsContext = Pick<Context, 'db' | 'blobs' | 'project'>;

/** Event times, both ends included; files without a known time are always inside. */
export type TimeRange = { fromMs?: number; toMs?: number };

/** The accepted files of a version that may hold rows of a time range, with the local path of their bytes. */
export async function versionFiles(
  ctx: RowsContext,
  version: Pick<DatasetVersion, 'dataset' | 'sequence'>,
  range: TimeRange = {},
): Promise<(DatasetFile & { local: string })[]> {
  return withPaths(ctx, await filesInside(ctx, version, range));
}

async function filesInside(
  ctx: RowsContext,
  version: Pick<DatasetVersion, 'dataset' | 'sequence'>,
  range: TimeRange,
): Promise<DatasetFile[]> {
  const files = await filesAt(ctx.db, {
    dataset: version.dataset,
    sequence: version.sequence,
    status: 'accepted',
  });
  return files.filter(
    (file) =>
      file.rows > 0 &&
      (range.fromMs === undefined || file.maxEventMs === null || file.maxEventMs >= range.fromMs) &&
      (range.toMs === undefined || file.minEventMs === null || file.minEventMs <= range.toMs),
  );
}

/** The rows of a version as a relation; files outside the time range are not read, rows outside it may be there. */
export async function versionRows(
  ctx: RowsContext,
  version: DatasetVersion,
  range: TimeRange = {},
): Promise<Relation> {
  const files = await filesInside(ctx, version, range);
  const stored = await withPaths(ctx, await storedFiles(ctx, version.dataset, files));
  return rowsOf(stored, { columns: version.columns, ...readingOf(ctx.project, version.dataset) });
}

export async function withPaths<F extends Pick<DatasetFile, 'digest'>>(
  ctx: Pick<Context, 'blobs'>,
  files: readonly F[],
): Promise<(F & { local: string })[]> {
  const found: (F & { local: string })[] = [];
  for (const file of files) found.push({ ...file, local: await ctx.blobs.localPath(file.digest) });
  return found;
}

export function readingOf(project: Project, dataset: string): { delimiter?: string } {
  const { source } = findDataset(project, dataset);
  return sourceOf(source.kind).reading(source);
}

/** Files of one layout are read together; several layouts meet by column name. Without files: no rows of `columns`. */
export function rowsOf(
  files: readonly (Stored & { local: string })[],
  options: { columns: readonly Column[]; delimiter?: string },
): Relation {
  if (files.length === 0) {
    const nulls = options.columns.map(
      (column) => `NULL::${column.type} AS ${sqlName(column.name)}`,
    );
    const list = nulls.length === 0 ? 'NULL AS nothing' : nulls.join(', ');
    return { sql: `(SELECT ${list} WHERE false)`, columns: [...options.columns] };
  }
  const layouts = new Map<string, (Stored & { local: string })[]>();
  for (const file of files) {
    const key = JSON.stringify([formatOf(file.path), file.path.endsWith('.gz'), file.columns]);
    const group = layouts.get(key);
    if (group) group.push(file);
    else layouts.set(key, [file]);
  }
  const reading = options.delimiter === undefined ? {} : { delimiter: options.delimiter };
  const parts = [...layouts.values()].map((group) => filesSql(group, reading));
  const [first] = parts;
  if (parts.length === 1 && first !== undefined)
    return { sql: first, columns: files[0]?.columns ?? [] };
  const columns = new Map<string, Column>();
  for (const file of files) for (const column of file.columns) columns.set(column.name, column);
  return {
    sql: `(${parts.map((part) => `SELECT * FROM ${part}`).join(' UNION ALL BY NAME ')})`,
    columns: [...columns.values()],
  };
}
