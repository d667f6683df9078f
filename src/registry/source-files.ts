import type { Context } from '../context.ts';
import type { TreeEntry } from '../storage/blobs/tree.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import { filesUnder } from '../tracking/artifacts-store.ts';

/** Files of a tracked run or a logged model below a folder of its artifacts, named from there on. */
export async function trackedFiles(
  ctx: Pick<Context, 'db'>,
  ownerId: string,
  folder: string,
): Promise<TreeEntry[]> {
  const rows = await filesUnder(ctx.db, ownerId, folder);
  const start = folder === '' ? 0 : folder.length + 1;
  return rows.map((row) => ({
    path: row.path.slice(start),
    digest: row.digest as Digest,
    sizeBytes: row.size_bytes,
    executable: false,
  }));
}
