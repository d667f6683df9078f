import { AppError } from '../../base/app-error.ts';
import type { FilterEntity, FilterGrammar } from './grammars.ts';
import { identify } from './parse-filter.ts';

/** One key of an order. */
export type Order = { entity: FilterEntity; key: string; descending: boolean };

const PART = /^\s*((?:`(?:``|[^`])*`|"(?:""|[^"])*"|[^\s`"])+)(?:\s+(\S+))?\s*$/;

/** Reads `metrics.auc DESC` and the like. Throws INVALID_PARAMETER_VALUE with the texts MLflow's clients know. */
export function parseOrder(order: readonly string[] | undefined, grammar: FilterGrammar): Order[] {
  return (order ?? []).map((text) => {
    const refuse = (message: string): AppError => new AppError('INVALID_PARAMETER_VALUE', message);
    const match = PART.exec(text);
    const name = match?.[1];
    if (name === undefined) {
      throw refuse(`Invalid order_by clause '${text}'. Could not be parsed.`);
    }
    const direction = (match?.[2] ?? 'asc').toLowerCase();
    if (direction !== 'asc' && direction !== 'desc') {
      throw refuse(`Invalid ordering key in order_by clause '${text}'.`);
    }
    const { entity, key } = identify(name, grammar, grammar.order.attributes);
    if ((entity !== 'attribute' && !grammar.order.entities) || entity === 'dataset') {
      throw refuse(`Invalid order_by entity: ${entity}`);
    }
    return { entity, key, descending: direction === 'desc' };
  });
}
