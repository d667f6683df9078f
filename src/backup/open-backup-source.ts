import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { openFileBlobStore } from '../storage/blobs/file-blob-store.ts';
import { databaseUrl } from '../storage/database/database-url.ts';
import { openSnapshot } from '../storage/database/database.ts';
import type { BackupSource } from './create-backup.ts';

/**
 * What a backup is made from where no server runs: the data directory and the database themselves. A server that does
 * run is not in the way. Throws `NOT_FOUND` where there is no data directory.
 */
export async function openBackupSource(
  from: { dataDir: string; database: string | undefined },
  rondo: string,
): Promise<BackupSource> {
  const blobsFolder = join(from.dataDir, 'blobs');
  if (!existsSync(blobsFolder)) {
    throw new AppError('NOT_FOUND', `${from.dataDir} is no data directory.`, {
      help: 'Name it with --data, or its project with --dir.',
    });
  }
  return {
    snapshot: () => openSnapshot(databaseUrl(from.database, from.dataDir)),
    blobs: await openFileBlobStore(blobsFolder),
    logsFolder: join(from.dataDir, 'logs'),
    rondo,
    nowMs: () => Date.now(),
  };
}
