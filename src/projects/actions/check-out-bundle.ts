import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../context.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { checkOutTree } from '../../storage/blobs/tree.ts';

/**
 * The folder of a deployed bundle under the data directory, written when it is not there yet: to a folder beside it
 * first, so that a crash leaves no half of it.
 */
export async function checkOutBundle(
  ctx: Pick<Context, 'blobs' | 'paths' | 'ids'>,
  digest: Digest,
): Promise<string> {
  const folder = join(ctx.paths.root, 'deployed', digest.slice('sha256:'.length, 23));
  if (existsSync(folder)) return folder;
  const temporary = join(ctx.paths.temp, ctx.ids.next('bundle'));
  await mkdir(dirname(folder), { recursive: true });
  try {
    await checkOutTree(ctx.blobs, digest, temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
