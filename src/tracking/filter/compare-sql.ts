import { sql, type Expression, type SqlBool } from 'kysely';
import type { Condition } from './parse-filter.ts';

/**
 * `column COMPARATOR value` as SQL that means the same on both engines: LIKE minds the case of letters, ILIKE does not,
 * `%` and `_` are the only special characters.
 */
export function compareSql(
  engine: 'sqlite' | 'postgres',
  column: Expression<unknown>,
  condition: Pick<Condition, 'comparator' | 'value'>,
): Expression<SqlBool> {
  const { comparator, value } = condition;
  switch (comparator) {
    case 'IS NULL':
      return sql<SqlBool>`${column} is null`;
    case 'IS NOT NULL':
      return sql<SqlBool>`${column} is not null`;
    case 'IN':
      return sql<SqlBool>`${column} in (${sql.join(asList(value))})`;
    case 'NOT IN':
      return sql<SqlBool>`${column} not in (${sql.join(asList(value))})`;
    case 'LIKE':
      // SQLite's own LIKE takes A for a.
      return engine === 'sqlite'
        ? sql<SqlBool>`${column} glob ${globOf(String(value))}`
        : sql<SqlBool>`${column} like ${value} escape ''`;
    case 'ILIKE':
      return engine === 'sqlite'
        ? sql<SqlBool>`${column} like ${value}`
        : sql<SqlBool>`${column} ilike ${value} escape ''`;
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return sql<SqlBool>`${column} ${sql.raw(comparator)} ${value}`;
  }
}

function asList(value: Condition['value']): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [String(value)];
}

/** A LIKE pattern as one of SQLite's GLOB. */
function globOf(pattern: string): string {
  return pattern
    .replaceAll(/[*?[]/g, (special) => `[${special}]`)
    .replaceAll('%', '*')
    .replaceAll('_', '?');
}
