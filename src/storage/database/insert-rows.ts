import { CompiledQuery, type Kysely } from 'kysely';
import { sqlEngine } from './sql-engine.ts';

/** Rows of one statement; a batch is cut into powers of two, so that few statements serve every length. */
const LARGEST = 256;
const texts = new Map<string, string>();

/**
 * Inserts many rows of values at once, past the query builder, which takes longer to write a thousand rows down than the
 * database to store them. `conflict` is what stands after `on conflict`.
 */
export async function insertRows(
  db: Pick<Kysely<never>, 'getExecutor' | 'executeQuery'>,
  into: { table: string; columns: readonly string[]; conflict: string },
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  const engine = sqlEngine(db);
  for (let at = 0; at < rows.length;) {
    let size = LARGEST;
    while (size > rows.length - at) size /= 2;
    const text = textOf(engine, into, size);
    await db.executeQuery(CompiledQuery.raw(text, rows.slice(at, at + size).flat()));
    at += size;
  }
}

function textOf(
  engine: 'sqlite' | 'postgres',
  into: { table: string; columns: readonly string[]; conflict: string },
  size: number,
): string {
  const key = `${engine} ${size} ${into.table} ${into.conflict}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  let place = 0;
  const row = (): string =>
    `(${into.columns.map(() => (engine === 'sqlite' ? '?' : `$${(place += 1)}`)).join(', ')})`;
  const rows = Array.from({ length: size }, row).join(', ');
  const columns = into.columns.map((name) => `"${name}"`).join(', ');
  const text = `insert into "${into.table}" (${columns}) values ${rows} on conflict ${into.conflict}`;
  texts.set(key, text);
  return text;
}
