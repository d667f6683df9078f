import type { Database, Transaction } from '../storage/database/database.ts';
import type { ArtifactRow } from '../storage/database/tables/tracking.ts';

export type ArtifactEntry = { path: string; isFolder: boolean; sizeBytes: number | null };

export async function findArtifact(
  db: Database,
  ownerId: string,
  path: string,
): Promise<ArtifactRow | undefined> {
  return db
    .selectFrom('artifacts')
    .selectAll()
    .where('run_id', '=', ownerId)
    .where('path', '=', path)
    .executeTakeFirst();
}

/** Files under a folder, `''` for all of an owner's; `0` is the character after `/`. */
export async function filesUnder(
  db: Database,
  ownerId: string,
  folder: string,
): Promise<ArtifactRow[]> {
  let select = db.selectFrom('artifacts').selectAll().where('run_id', '=', ownerId);
  if (folder !== '') {
    select = select.where('path', '>', `${folder}/`).where('path', '<', `${folder}0`);
  }
  return select.orderBy('path').execute();
}

/** What lies directly in a folder. */
export async function listFolder(
  db: Database,
  ownerId: string,
  folder: string,
): Promise<ArtifactEntry[]> {
  const prefix = folder === '' ? '' : `${folder}/`;
  const entries = new Map<string, ArtifactEntry>();
  for (const file of await filesUnder(db, ownerId, folder)) {
    const rest = file.path.slice(prefix.length);
    const slash = rest.indexOf('/');
    const path = prefix + (slash < 0 ? rest : rest.slice(0, slash));
    if (!entries.has(path)) {
      entries.set(path, {
        path,
        isFolder: slash >= 0,
        sizeBytes: slash < 0 ? file.size_bytes : null,
      });
    }
  }
  return [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Takes a file, or a folder with all in it, from an owner's artifacts. */
export async function removeArtifacts(
  tx: Transaction,
  ownerId: string,
  path: string,
): Promise<void> {
  await tx
    .deleteFrom('artifacts')
    .where('run_id', '=', ownerId)
    .where((eb) =>
      path === ''
        ? eb.lit(true)
        : eb.or([
            eb('path', '=', path),
            eb.and([eb('path', '>', `${path}/`), eb('path', '<', `${path}0`)]),
          ]),
    )
    .execute();
}
