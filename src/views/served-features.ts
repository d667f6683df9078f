import type { ReadDatabase } from '../storage/database/database.ts';
import { jsonColumn } from './json-column.ts';

type Cell = number | string | boolean | null;

/** Of the newest predictions, by column: how many asked for it, how many found nothing, and the values given. */
export type ServedFeatures = {
  asked: ReadonlyMap<string, number>;
  missing: ReadonlyMap<string, number>;
  values: ReadonlyMap<string, readonly Cell[]>;
};

const SAMPLED = 2000;

/** Reads what the newest predictions were given; columns of the request itself are among them. */
export async function servedFeatures(db: ReadDatabase): Promise<ServedFeatures> {
  const rows = await db
    .selectFrom('predictions')
    .select(['features', 'missing'])
    .orderBy('position', 'desc')
    .limit(SAMPLED)
    .execute();
  const asked = new Map<string, number>();
  const missing = new Map<string, number>();
  const values = new Map<string, Cell[]>();
  for (const row of rows) {
    for (const [column, value] of Object.entries(
      jsonColumn<Record<string, Cell>>(row.features, {}),
    )) {
      asked.set(column, (asked.get(column) ?? 0) + 1);
      const list = values.get(column) ?? [];
      list.push(value);
      values.set(column, list);
    }
    for (const column of jsonColumn<string[]>(row.missing, []))
      missing.set(column, (missing.get(column) ?? 0) + 1);
  }
  return { asked, missing, values };
}
