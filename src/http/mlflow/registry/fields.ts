import { AppError } from '../../../base/app-error.ts';
import { offsetToken, readOffset } from '../../../tracking/page-token.ts';
import { parseItem } from '../fields.ts';

type SearchFields = {
  filter: string | undefined;
  max_results: number | undefined;
  order_by: string[] | undefined;
  page_token: string | undefined;
};

/** Where a page of a search begins and ends, and the token of the next one. Throws INVALID_PARAMETER_VALUE. */
export function searchPage(
  fields: SearchFields,
  limits: { usual: number; most: number },
): {
  filter: string | undefined;
  orderBy: string[] | undefined;
  limit: number;
  offset: number;
  next: string;
} {
  const limit = fields.max_results ?? limits.usual;
  if (limit > limits.most) {
    throw new AppError(
      'INVALID_PARAMETER_VALUE',
      `Invalid value ${limit} for parameter 'max_results' supplied. It must be at most ${limits.most}, but got value ${limit}. See the API docs for more information about request parameters.`,
    );
  }
  if (limit < 1) {
    throw new AppError(
      'INVALID_PARAMETER_VALUE',
      `Invalid value for max_results. It must be a positive integer, but got ${limit}`,
    );
  }
  const offset = readOffset(fields.page_token);
  return {
    filter: fields.filter,
    orderBy: fields.order_by,
    limit,
    offset,
    next: offsetToken(offset + limit),
  };
}

/** Tags of a request. Throws INVALID_PARAMETER_VALUE for one without a key. */
export function tagItems(
  tags: readonly Record<string, unknown>[] | undefined,
): { key: string; value: string }[] {
  return (tags ?? []).map((tag, index) => {
    const { key, value } = parseItem(`tags[${index}]`, { key: 'string!', value: 'string' }, tag);
    return { key, value: value ?? '' };
  });
}
