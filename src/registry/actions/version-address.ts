import type { Context } from '../../context.ts';
import { readTree } from '../../storage/blobs/tree.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { requireRecord } from '../registered-model-store.ts';
import { versionUri } from '../registry-store.ts';

/**
 * Where a client reads a version's files: at the artifact proxy, or where its source says when this server holds none
 * of them. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE.
 */
export async function versionAddress(
  ctx: Pick<Context, 'db' | 'blobs'>,
  query: { name: string; version: string },
): Promise<string> {
  const record = await requireRecord(ctx.db, query.name, query.version);
  const files = await readTree(ctx.blobs, record.digest as Digest);
  return files.length > 0 ? versionUri(record.model, record.version) : record.source;
}
