import { Migrator, type Migration } from 'kysely/migration';
import type { Kysely } from 'kysely';
import { AppError } from '../../base/app-error.ts';
import { migrations } from './migrations/index.ts';
import { RESTORE_MARK } from './snapshot.ts';
import type { Tables } from './tables/index.ts';

/**
 * Applies every migration not yet applied, all or none. Throws `DATA_DIR_NEWER` when the database knows more than this
 * code, `RESTORE_UNFINISHED` when it holds half a restore (`restoring`: it is this one).
 */
export async function migrateToLatest(
  kysely: Kysely<Tables>,
  known: Record<string, Migration> = migrations,
  restoring = false,
): Promise<void> {
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(known) },
  });
  const names = new Set(Object.keys(known));
  const applied = await appliedMigrations(kysely, restoring);
  const unknown = applied.filter((name) => !names.has(name));
  if (unknown.length > 0) {
    throw new AppError(
      'DATA_DIR_NEWER',
      `The data directory was written by a newer Rondo (it has ${unknown.join(', ')}).`,
    );
  }
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

async function appliedMigrations(kysely: Kysely<Tables>, restoring: boolean): Promise<string[]> {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true });
  if (!restoring && tables.some((table) => table.name === RESTORE_MARK)) {
    throw new AppError('RESTORE_UNFINISHED', 'A restore into this database was not finished.');
  }
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await (kysely as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name);
}
