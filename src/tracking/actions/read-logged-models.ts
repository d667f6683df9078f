import type { Context } from '../../context.ts';
import { loggedModelsGrammar } from '../filter/grammars.ts';
import { parseFilter } from '../filter/parse-filter.ts';
import {
  findLoggedModel,
  loadLoggedModels,
  modelColumn,
  selectLoggedModels,
  type LoggedModel,
  type ModelDataset,
  type ModelOrder,
} from '../logged-models-store.ts';
import { offsetToken, readOffset } from '../page-token.ts';
import { checkedMaxResults, experimentIdOf, invalid } from '../validate.ts';
import { missingModel } from './change-logged-model.ts';

/** A logged model. Throws RESOURCE_DOES_NOT_EXIST, for a deleted one unless told. */
export async function readLoggedModel(
  ctx: Pick<Context, 'db'>,
  modelId: string,
  options: { deletedToo?: boolean } = {},
): Promise<LoggedModel> {
  const row = await findLoggedModel(ctx.db, modelId);
  if (!row || (row.lifecycle_stage === 'deleted' && options.deletedToo !== true))
    throw missingModel(modelId);
  const [model] = await loadLoggedModels(ctx.db, [row]);
  return model ?? { info: row, params: [], tags: [], metrics: [] };
}

export type ModelOrderBy = {
  fieldName: string;
  ascending: boolean;
  datasetName: string | null;
  datasetDigest: string | null;
};

/** A page of logged models, the newest first unless told. */
export async function searchLoggedModels(
  ctx: Pick<Context, 'db'>,
  query: {
    experimentIds: readonly string[];
    filter?: string | undefined;
    datasets: readonly ModelDataset[];
    order: readonly ModelOrderBy[];
    maxResults?: number | undefined;
    pageToken?: string | undefined;
  },
): Promise<{ models: LoggedModel[]; next: string | null }> {
  const limit = checkedMaxResults(query.maxResults || undefined, 100);
  if (query.datasets.some(({ name }) => name === ''))
    throw invalid('`dataset_name` in the `datasets` clause must be specified.');
  const offset = readOffset(query.pageToken);
  const rows = await selectLoggedModels(ctx.db, {
    experimentIds: query.experimentIds.map(experimentIdOf),
    conditions: parseFilter(query.filter, loggedModelsGrammar),
    datasets: query.datasets,
    order: fullOrder(query.order.map(orderOf)),
    offset,
    limit: limit + 1,
  });
  return {
    models: await loadLoggedModels(ctx.db, rows.slice(0, limit)),
    next: rows.length > limit ? offsetToken(offset + limit) : null,
  };
}

function orderOf(order: ModelOrderBy): ModelOrder {
  const rest = {
    descending: !order.ascending,
    dataset: { name: order.datasetName, digest: order.datasetDigest },
  };
  const dot = order.fieldName.indexOf('.');
  if (dot < 0) {
    const attribute = modelColumn(order.fieldName);
    if (attribute === undefined) throw invalid(`Invalid order by field name: ${order.fieldName}`);
    return { by: { attribute }, ...rest };
  }
  if (order.fieldName.slice(0, dot) !== 'metrics') {
    throw invalid(`Invalid order by field name: ${order.fieldName}. Only metrics are supported.`);
  }
  return { by: { metric: order.fieldName.slice(dot + 1).replaceAll('`', '') }, ...rest };
}

/** What is alike goes by age, the newest first, then by id. */
function fullOrder(order: readonly ModelOrder[]): ModelOrder[] {
  const has = (attribute: string): boolean =>
    order.some(({ by }) => 'attribute' in by && by.attribute === attribute);
  const dataset = { name: null, digest: null };
  return [
    ...order,
    ...(has('created_at_ms')
      ? []
      : [{ by: { attribute: 'created_at_ms' }, descending: true, dataset }]),
    ...(has('model_id') ? [] : [{ by: { attribute: 'model_id' }, descending: false, dataset }]),
  ];
}
