import type { Context } from '../../context.ts';
import type { MetricRow } from '../../storage/database/tables/tracking.ts';
import { pageToken, readPageToken } from '../page-token.ts';
import { sampleHistory, selectHistories, selectHistory } from '../history-store.ts';
import { invalid } from '../validate.ts';

/** All values of a metric of a run, or a page of them, by time, step and value. */
export async function readMetricHistory(
  ctx: Pick<Context, 'db'>,
  query: {
    runId: string;
    key: string;
    maxResults: number | undefined;
    pageToken: string | undefined;
  },
): Promise<{ points: MetricRow[]; next: string | null }> {
  const { maxResults } = query;
  if (maxResults !== undefined && maxResults <= 0) {
    throw invalid(
      `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer.`,
    );
  }
  const rows = await selectHistory(ctx.db, {
    runId: query.runId,
    key: query.key,
    after: placeOf(query.pageToken),
    limit: maxResults === undefined ? null : maxResults + 1,
  });
  if (maxResults === undefined || rows.length <= maxResults) return { points: rows, next: null };
  const points = rows.slice(0, maxResults);
  const last = points.at(-1);
  return {
    points,
    next: last
      ? pageToken({ after: [last.timestamp_ms, last.step, last.value, last.is_nan] })
      : null,
  };
}

function placeOf(token: string | undefined): number[] | null {
  const position = readPageToken(token);
  if (position === undefined) return null;
  const { after } = position;
  if (
    !Array.isArray(after) ||
    after.length !== 4 ||
    !after.every((part) => typeof part === 'number')
  )
    throw invalid('Invalid page token, it is not one of a metric history');
  return after as number[];
}

/** Values of one metric of several runs, run by run, at most `limit` in all. */
export async function readMetricHistories(
  ctx: Pick<Context, 'db'>,
  query: { runIds: readonly string[]; key: string; limit: number },
): Promise<MetricRow[]> {
  return selectHistories(ctx.db, query);
}

/** For each run at most `limit` values of a metric, spread evenly over its history, the first and the last among them. */
export async function readMetricSamples(
  ctx: Pick<Context, 'db'>,
  query: {
    runIds: readonly string[];
    key: string;
    limit: number;
    steps: { first: number; last: number } | null;
  },
): Promise<MetricRow[]> {
  if (query.steps && query.steps.first > query.steps.last) {
    throw invalid(
      `end_step must be greater than start_step. Found start_step=${query.steps.first} and end_step=${query.steps.last}.`,
    );
  }
  const samples: MetricRow[] = [];
  for (const runId of query.runIds)
    samples.push(...(await sampleHistory(ctx.db, { ...query, runId })));
  return samples;
}
