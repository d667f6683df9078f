import type { Readable } from 'node:stream';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { readTree, type TreeEntry } from '../../storage/blobs/tree.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { requireRecord } from '../registered-model-store.ts';

const ADDRESS = /^registered\/([^/]+)\/(\d+)(?:\/(.*))?$/;

/** Whether a path of the artifact proxy leads to a version's files. */
export function isVersionPath(path: string): boolean {
  return ADDRESS.test(path);
}

/** Opens a file of a version by its path at the artifact proxy. Throws RESOURCE_DOES_NOT_EXIST. */
export async function openVersionFile(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
): Promise<{ name: string; sizeBytes: number; content: Readable }> {
  const { entries, inside } = await placeOf(ctx, path);
  const file = entries.find((entry) => entry.path === inside);
  if (!file) throw new AppError('RESOURCE_DOES_NOT_EXIST', `No such artifact: '${path}'`);
  return {
    name: inside.split('/').at(-1) ?? inside,
    sizeBytes: file.sizeBytes,
    content: await ctx.blobs.stream(file.digest),
  };
}

/** What lies directly in a folder of a version, by name. */
export async function listVersionFolder(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
): Promise<{ path: string; isFolder: boolean; sizeBytes: number | null }[]> {
  const { entries, inside } = await placeOf(ctx, path);
  const prefix = inside === '' ? '' : `${inside}/`;
  const found = new Map<string, { path: string; isFolder: boolean; sizeBytes: number | null }>();
  for (const entry of entries) {
    if (!entry.path.startsWith(prefix)) continue;
    const [name = '', ...deeper] = entry.path.slice(prefix.length).split('/');
    const isFolder = deeper.length > 0;
    found.set(name, { path: name, isFolder, sizeBytes: isFolder ? null : entry.sizeBytes });
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function placeOf(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
): Promise<{ entries: TreeEntry[]; inside: string }> {
  const [, name = '', version = '', inside = ''] = ADDRESS.exec(path) ?? [];
  const record = await requireRecord(ctx.db, nameOf(name), version);
  const entries = await readTree(ctx.blobs, record.digest as Digest);
  return { entries, inside: inside.replace(/\/+$/, '') };
}

/** The name may come as it is or with percent signs: clients of MLflow pass addresses on in both forms. */
function nameOf(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
