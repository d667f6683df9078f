import type { Context } from '../context.ts';
import { readTree, type TreeEntry } from '../storage/blobs/tree.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import { requireRecord } from './registered-model-store.ts';

const RUN_FILES = /^[^/]+\/([^/]+)\/artifacts(?:\/(.+))?$/;
const MODEL_FILES = /^[^/]+\/models\/([^/]+)\/artifacts(?:\/(.+))?$/;
const VERSION_FILES = /^registered\/([^/]+)\/(\d+)(?:\/(.+))?$/;

/** The files under an address of the artifact proxy (what follows `mlflow-artifacts:/`); empty when there are none. */
export async function filesUnder(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
): Promise<TreeEntry[]> {
  const version = VERSION_FILES.exec(path);
  if (version) return versionFiles(ctx, version);
  const model = MODEL_FILES.exec(path);
  if (model) return trackedFiles(ctx, model[1] ?? '', model[2] ?? '');
  const run = RUN_FILES.exec(path);
  return run ? trackedFiles(ctx, run[1] ?? '', run[2] ?? '') : [];
}

async function versionFiles(
  ctx: Pick<Context, 'db' | 'blobs'>,
  [, name = '', version = '', folder]: RegExpExecArray,
): Promise<TreeEntry[]> {
  const record = await requireRecord(ctx.db, decodeURIComponent(name), version);
  return inside(await readTree(ctx.blobs, record.digest as Digest), folder ?? '');
}

/** Files of a tracked run or a logged model below a folder of its artifacts. */
export async function trackedFiles(
  ctx: Pick<Context, 'db'>,
  ownerId: string,
  folder: string,
): Promise<TreeEntry[]> {
  const rows = await ctx.db
    .selectFrom('artifacts')
    .select(['path', 'digest', 'size_bytes'])
    .where('run_id', '=', ownerId)
    .execute();
  return inside(
    rows.map((row) => ({
      path: row.path,
      digest: row.digest as Digest,
      sizeBytes: row.size_bytes,
      executable: false,
    })),
    folder,
  );
}

/** The entries below a folder, named from there on; a file by its own path is itself. */
function inside(entries: readonly TreeEntry[], folder: string): TreeEntry[] {
  const prefix = folder === '' ? '' : `${folder.replace(/\/$/, '')}/`;
  return entries
    .filter((entry) => entry.path.startsWith(prefix))
    .map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) }));
}
