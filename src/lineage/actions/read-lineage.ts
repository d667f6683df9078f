import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import type { LineageView } from '../../contract/views/lineage-view.ts';
import { lineageKinds } from '../kinds/index.ts';
import type { Direction } from '../lineage-kind.ts';
import { walkLineage } from '../walk-lineage.ts';

/** What a picture can show and a person can read. */
export const MOST_NODES = 30;
/** Of a fold that was opened. */
const MOST_NODES_OPENED = 100;

/**
 * What something was made from and what was made of it: at most 30 nodes, the rest folded by kind. `open` is a fold's key
 * of an earlier answer, and shows more of it. Throws `NOT_FOUND`.
 */
export async function readLineage(
  ctx: Pick<Context, 'db'>,
  query: {
    kind: string;
    id: string;
    direction?: Direction | 'both' | undefined;
    limit?: number | undefined;
    open?: string | undefined;
  },
): Promise<LineageView> {
  const kind = lineageKinds.find((one) => one.kind === query.kind);
  if (!kind) {
    throw new AppError(
      'NOT_FOUND',
      `There is no lineage of kind "${query.kind}"; known: ${lineageKinds.map((one) => one.kind).join(', ')}.`,
    );
  }
  const focus = await kind.find(ctx.db, query.id);
  if (!focus)
    throw new AppError('NOT_FOUND', `There is no ${kind.kind.replace('-', ' ')} "${query.id}".`);
  const { direction = 'both', open } = query;
  return walkLineage(ctx.db, lineageKinds, {
    focus,
    directions: direction === 'both' ? ['up', 'down'] : [direction],
    limit: query.limit ?? (open === undefined ? MOST_NODES : MOST_NODES_OPENED),
    open,
  });
}
