import { SqliteAdapter, type Kysely } from 'kysely';

/** Which engine a database or transaction speaks to, where the two need other words for the same thing. */
export function sqlEngine(db: Pick<Kysely<never>, 'getExecutor'>): 'sqlite' | 'postgres' {
  return db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres';
}
