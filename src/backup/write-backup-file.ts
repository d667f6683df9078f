import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../base/app-error.ts';
import type { BackupHead } from './backup-format.ts';
import { readBackup, type ReadBackup } from './read-backup.ts';

/** Told as a backup passes: first how much is to come, then how much of it has. Rows and bytes of blobs count alike. */
export type Passing = { start(expected: BackupHead['expected']): void; advance(by: number): void };

/**
 * Writes a backup beside its name while it reads it back and holds it against its checksums; only a whole one gets the
 * name, and what was begun is removed. Throws as `readBackup`, `SERVER_UNREACHABLE` when the sender broke off.
 */
export async function writeBackupFile(
  file: string,
  source: AsyncIterable<Uint8Array>,
  passing: Passing,
): Promise<ReadBackup & { bytes: number }> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600);
  let bytes = 0;
  const written = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        await handle.writeFile(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      // fetch tells a connection that ended too soon in this way.
      if (!(error instanceof TypeError)) throw error;
      throw new AppError(
        'SERVER_UNREACHABLE',
        'The server broke off in the middle of the backup; nothing was written.',
        { cause: error },
      );
    }
  };
  try {
    const read = await readBackup(written(), {
      head({ expected }) {
        passing.start(expected);
        return Promise.resolve();
      },
      rows(_table, rows) {
        passing.advance(rows.length);
        return Promise.resolve();
      },
      async blob(_digest, body) {
        passing.advance(await drain(body));
      },
      async log(_path, body) {
        await drain(body);
      },
    });
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    await syncFolder(dirname(file));
    return { ...read, bytes };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
