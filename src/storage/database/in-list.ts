import { sql, type Expression, type Kysely } from 'kysely';
import { sqlEngine } from './sql-engine.ts';

/**
 * A list of texts of any length as one parameter, for `where('run_id', 'in', inList(db, ids))`: the statement is the
 * same for every length, so it is prepared once, and no limit on parameters is met.
 */
export function inList(
  db: Pick<Kysely<never>, 'getExecutor'>,
  values: readonly string[],
): Expression<string> {
  return sqlEngine(db) === 'sqlite'
    ? sql<string>`(select value from json_each(${JSON.stringify(values)}))`
    : sql<string>`(select unnest(${[...values]}::text[]))`;
}
