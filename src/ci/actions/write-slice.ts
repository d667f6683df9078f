import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import type { Context } from '../../context.ts';
import { filesAt } from '../../datasets/dataset-store.ts';
import type { DatasetFile } from '../../datasets/dataset-version.ts';
import { filesSql, formatOf } from '../../datasets/file-format.ts';
import { sourceOf } from '../../datasets/sources/index.ts';
import { readFiles } from '../../features/dataset-rows.ts';
import { sqlName, sqlText, type Analytics } from '../../storage/analytics/analytics.ts';
import { datasetsRead, extractReachMs, spreadFiles } from '../slice-window.ts';

type SliceContext = Pick<Context, 'db' | 'blobs' | 'analytics' | 'project'>;

/** Above every place in a dataset's order of arrival. */
const NEWEST = 2 ** 31 - 1;

/** Rows of a dataset for a commit's checks; `rows` 0: it has no data yet. */
export type DatasetSlice = { dataset: string; rows: number };

/**
 * Writes a few rows of every dataset the commit's pipelines read into `folder`, one file each under a path of the
 * dataset. The same data give the same rows: they are chosen by a hash of the row, spread over the time an extract looks
 * back.
 */
export async function writeSlice(
  ctx: SliceContext,
  what: { definition: ProjectDefinition; folder: string; rows: number },
): Promise<DatasetSlice[]> {
  const slices: DatasetSlice[] = [];
  for (const dataset of datasetsRead(what.definition)) {
    const source = await findRows(ctx, what.definition, dataset);
    const rows = source === null ? 0 : await copyRows(ctx.analytics, { ...what, ...source });
    slices.push({ dataset, rows });
  }
  return slices;
}

type Rows = { sql: string; path: string; event: string | undefined; delimiter?: string };

/** From what is registered; of a dataset that is new with the commit from its files. */
async function findRows(
  ctx: SliceContext,
  definition: ProjectDefinition,
  dataset: string,
): Promise<Rows | null> {
  const settings = definition.datasets[dataset];
  if (!settings) return null;
  const source = sourceOf(settings.source.kind);
  const rest = { event: settings.time?.event, ...source.reading(settings.source) };
  if (ctx.project.definition().datasets[dataset]) {
    const files = await filesAt(ctx.db, {
      dataset,
      sequence: NEWEST,
      status: 'accepted',
    });
    const chosen = spreadFiles(files, extractReachMs(definition, dataset));
    const path = chosen.at(-1)?.path;
    if (path !== undefined)
      return { sql: await readFiles(ctx, dataset, inArrival(chosen)), path, ...rest };
  }
  const listed = (await source.list(ctx.project, settings.source)).slice(-8);
  const last = listed.at(-1);
  if (!last) return null;
  const same = listed.filter((file) => formatOf(file.path) === formatOf(last.path));
  const sql = `select * from ${filesSql(same, { ...source.reading(settings.source), byName: true })}`;
  return { sql, path: last.path, ...rest };
}

function inArrival(files: readonly DatasetFile[]): DatasetFile[] {
  return files.toSorted((a, b) => a.addedSequence - b.addedSequence);
}

async function copyRows(
  analytics: Analytics,
  what: Rows & { folder: string; rows: number },
): Promise<number> {
  const target = join(what.folder, what.path);
  await mkdir(dirname(target), { recursive: true });
  const order = what.event === undefined ? '' : ` order by ${sqlName(what.event)}`;
  const sample = `select * from (select * from (${what.sql}) as rondo_row order by hash(rondo_row) limit ${what.rows})${order}`;
  return analytics.session(async (session) => {
    await session.run(`create or replace temp table rondo_slice as ${sample}`);
    await session.run(`copy rondo_slice to ${sqlText(target)} (${copyOptions(what)})`);
    const [counted] = await session.rows<{ n: number }>('select count(*) as n from rondo_slice');
    await session.run('drop table rondo_slice');
    return counted?.n ?? 0;
  });
}

function copyOptions({ path, delimiter }: Pick<Rows, 'path' | 'delimiter'>): string {
  const packed = path.toLowerCase().endsWith('.gz') ? ', compression gzip' : '';
  const format = formatOf(path);
  if (format === 'json') return `format json${packed}`;
  if (format !== 'csv') return 'format parquet';
  const mark = delimiter ?? (/\.tsv(\.gz)?$/i.test(path) ? '\t' : ',');
  return `format csv, header, delimiter ${sqlText(mark)}${packed}`;
}
