import { open, stat } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { filesSql, formatOf, plainCsvSql } from './file-format.ts';
import { rowsProbe, type FileProbe, type ProbeRules } from './probe-rows.ts';
import { isReadError } from './read-error.ts';
import type { Anomaly, Column } from './schema.ts';

/** A file of a dataset: `path` is its name in the project, `local` where its bytes lie. */
export type LocalFile = { path: string; local: string; delimiter?: string };

const SMALL_BYTES = 1 << 20;

/**
 * Reads a file's rows, columns and times and holds it against the schema, by one DESCRIBE and one SELECT. An unreadable
 * file is an anomaly, not an error.
 */
export async function probeFile(
  ctx: Pick<Context, 'analytics'>,
  file: LocalFile,
  rules: ProbeRules,
): Promise<FileProbe> {
  const sql = filesSql([file], file.delimiter === undefined ? {} : { delimiter: file.delimiter });
  const { size } = await stat(file.local);
  const analytics = size <= SMALL_BYTES ? await ctx.analytics.small() : ctx.analytics;
  try {
    const probe = rowsProbe(await describeFile({ analytics }, sql), rules);
    const [row = {}] = await analytics.rows<Record<string, unknown>>(
      `SELECT ${probe.select.join(', ')} FROM ${sql}`,
    );
    return await probe.read(row, sql, (question) => analytics.rows(question));
  } catch (error) {
    if (!isReadError(error)) throw error;
    const reason = await readFault(ctx, file, error);
    return { ...NOTHING, anomalies: [unreadable(file.path, reason)] };
  }
}

/** The columns of a table expression. */
export async function describeFile(
  ctx: Pick<Context, 'analytics'>,
  sql: string,
): Promise<Column[]> {
  const described = await ctx.analytics.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM ${sql}`,
  );
  return described.map((row) => ({ name: row.column_name, type: row.column_type }));
}

const NOTHING = {
  rows: 0,
  columns: [],
  minEventMs: null,
  maxEventMs: null,
  minAvailableMs: null,
  maxAvailableMs: null,
};

function unreadable(path: string, reason: string): Anomaly {
  return {
    kind: 'unreadable',
    column: null,
    message: `"${path}" cannot be read: ${reason}`,
    observed: reason,
    expected: 'a readable file',
    unexpectedCount: null,
    sample: [],
    proposal: null,
  };
}

async function readFault(
  ctx: Pick<Context, 'analytics'>,
  file: LocalFile,
  error: Error,
): Promise<string> {
  if (formatOf(file.path) !== 'csv' || file.path.toLowerCase().endsWith('.gz'))
    return shortReason(error.message, file.local);
  const [header = ''] = (await firstBytes(file.local)).split(/\r?\n/, 1);
  try {
    await ctx.analytics.rows(`SELECT count(*) FROM ${plainCsvSql(file, header, file.delimiter)}`);
    return shortReason(error.message, file.local);
  } catch (exact) {
    return shortReason((exact as Error).message, file.local);
  }
}

async function firstBytes(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** DuckDB says what is wrong in its first lines; the rest are its own options. The blob's path says nothing to anyone. */
function shortReason(message: string, local: string): string {
  const text = (message.split(/Possible (?:fixes|solutions):|LINE 1:|Candidates:/, 1)[0] ?? message)
    .replaceAll(local, 'the file')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
