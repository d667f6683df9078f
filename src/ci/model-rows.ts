import type { Context } from '../context.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { labelOf, rowsSource, toCell } from '../registry/produced-rows.ts';
import type { Cells } from '../serving/scratch-gateway.ts';
import { sqlName } from '../storage/analytics/analytics.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';

/** Training rows as the gateway takes them: cells in the order of `columns`, those of the signature. */
export type ModelRows = { columns: string[]; cells: Cells[]; labels: (number | null)[] };

const MOST_ROWS = 2000;

/** The training rows of a slice with their labels; null when a column of the signature or the label is not there. */
export async function readModelRows(
  ctx: Pick<Context, 'analytics' | 'blobs'>,
  of: { version: ModelVersion; train: Digest; label: string },
): Promise<ModelRows | null> {
  const columns = of.version.signature.map((column) => column.name);
  const source = await rowsSource(ctx, of.train);
  const names = [...columns, of.label].map(sqlName).join(', ');
  return ctx.analytics.session(async ({ connection }) => {
    const read = await connection
      .runAndReadAll(`select ${names} from ${source} limit ${MOST_ROWS}`)
      .catch(() => null);
    if (!read) return null;
    const rows = read.getRowsJS().map((row) => row.map(toCell));
    return {
      columns,
      cells: rows.map((row) => row.slice(0, -1)),
      labels: rows.map((row) => labelOf(row.at(-1) ?? null)),
    };
  });
}
