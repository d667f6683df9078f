import type { Context } from '../../context.ts';
import { runsGrammar } from '../filter/grammars.ts';
import { parseFilter } from '../filter/parse-filter.ts';
import { parseOrder } from '../filter/parse-order.ts';
import { pageToken, readPageToken } from '../page-token.ts';
import { loadRecords, type RunRecord } from '../run-records-store.ts';
import { selectRuns } from '../runs-search-store.ts';
import { findTrackedRun } from '../tracking-store.ts';
import { checkedMaxResults, experimentIdOf, invalid, notFound, stagesOf } from '../validate.ts';

/** Runs whose records are loaded, and sent, at a time. */
const PIECE = 500;

/** A run with all that was logged to it, deleted ones too. Throws RESOURCE_DOES_NOT_EXIST. */
export async function readRun(ctx: Pick<Context, 'db'>, runId: string): Promise<RunRecord> {
  const row = await findTrackedRun(ctx.db, runId);
  const [record] = row ? await loadRecords(ctx.db, [row], { modelInputs: true }) : [];
  if (!record) throw notFound(`Run with id=${runId} not found`);
  return record;
}

/**
 * A page of runs in order. The records come piece by piece, so that a page of 50,000 is never in memory whole; `next`
 * leads to the page after.
 */
export async function searchRuns(
  ctx: Pick<Context, 'db'>,
  query: {
    experimentIds: readonly string[];
    filter?: string | undefined;
    order?: readonly string[] | undefined;
    view?: string | number | undefined;
    maxResults?: number | undefined;
    pageToken?: string | undefined;
  },
): Promise<{ pieces: AsyncIterable<RunRecord[]>; next: string | null }> {
  const limit = checkedMaxResults(query.maxResults, 1000);
  const conditions = parseFilter(query.filter, runsGrammar);
  const order = parseOrder(query.order, runsGrammar);
  const fields = new Set(order.map(({ entity, key }) => `${entity}.${key}`));
  if (fields.size < order.length) {
    throw invalid(`\`order_by\` contains duplicate fields: ${JSON.stringify(query.order)}`);
  }
  const found = await selectRuns(ctx.db, {
    experimentIds: query.experimentIds.map(experimentIdOf),
    stages: stagesOf(query.view),
    conditions,
    order,
    after: keysOf(query.pageToken),
    limit: limit + 1,
  });
  const shown = found.slice(0, limit).map(({ row }) => row);
  const last = found[limit - 1];
  const pieces = async function* (): AsyncGenerator<RunRecord[]> {
    for (let at = 0; at < shown.length; at += PIECE)
      yield await loadRecords(ctx.db, shown.slice(at, at + PIECE), { modelInputs: false });
  };
  return {
    pieces: pieces(),
    next: found.length > limit && last ? pageToken({ after: last.keys }) : null,
  };
}

function keysOf(token: string | undefined): (string | number)[] | null {
  const position = readPageToken(token);
  if (position === undefined) return null;
  const { after } = position;
  const known =
    Array.isArray(after) &&
    after.every((key) => typeof key === 'string' || typeof key === 'number');
  if (!known) throw invalid('Invalid page token, it is not one of this search');
  return after as (string | number)[];
}
