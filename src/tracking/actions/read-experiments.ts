import type { Context } from '../../context.ts';
import {
  findExperiment,
  selectExperiments,
  withTags,
  type Experiment,
} from '../experiments-store.ts';
import { experimentsGrammar } from '../filter/grammars.ts';
import { parseFilter } from '../filter/parse-filter.ts';
import { parseOrder } from '../filter/parse-order.ts';
import { offsetToken, readOffset } from '../page-token.ts';
import { checkedMaxResults, experimentIdOf, notFound, stagesOf } from '../validate.ts';

/** An experiment by id or name, deleted ones too. Throws RESOURCE_DOES_NOT_EXIST. */
export async function readExperiment(
  ctx: Pick<Context, 'db'>,
  by: { id: string } | { name: string },
): Promise<Experiment> {
  const found = await findExperiment(ctx.db, 'id' in by ? { id: experimentIdOf(by.id) } : by);
  if (!found) {
    throw notFound(
      'id' in by
        ? `No Experiment with id=${experimentIdOf(by.id)} exists`
        : `Could not find experiment with name '${by.name}'`,
    );
  }
  const [experiment] = await withTags(ctx.db, [found]);
  return experiment ?? { ...found, tags: [] };
}

/** A page of experiments, the newest first unless told. */
export async function searchExperiments(
  ctx: Pick<Context, 'db'>,
  query: {
    filter?: string | undefined;
    order?: readonly string[] | undefined;
    view?: string | number | undefined;
    maxResults?: number | undefined;
    pageToken?: string | undefined;
  },
): Promise<{ experiments: Experiment[]; next: string | null }> {
  const limit = checkedMaxResults(query.maxResults, 1000);
  const offset = readOffset(query.pageToken);
  const order =
    query.order === undefined || query.order.length === 0
      ? ['creation_time DESC', 'experiment_id ASC']
      : query.order;
  const rows = await selectExperiments(ctx.db, {
    conditions: parseFilter(query.filter, experimentsGrammar),
    order: parseOrder(order, experimentsGrammar),
    stages: stagesOf(query.view),
    offset,
    limit: limit + 1,
  });
  return {
    experiments: await withTags(ctx.db, rows.slice(0, limit)),
    next: rows.length > limit ? offsetToken(offset + limit) : null,
  };
}
