import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Context } from '../../context.ts';
import { isCodePath } from '../../datasets/source-paths.ts';
import type { BlobStore, Digest } from '../../storage/blobs/blob-store.ts';
import { putTreeEntries, type TreeEntry } from '../../storage/blobs/tree.ts';

const NEVER = new Set(['.git', '.rondo', 'node_modules']);
/** A file changed so short a time ago may change again without its times showing it. */
const SETTLED_MS = 100;

type Seen = { stamp: string; digest: Digest; sizeBytes: number };
const seenFiles = new WeakMap<BlobStore, Map<string, Seen>>();

/**
 * Stores the project's files as a tree and gives its digest: what git tracks or would (untracked, not ignored), or
 * everything where there is no git; never `.git`, `.rondo`, `node_modules`, the data directory or the files of datasets.
 * A file whose size, times and inode are as before is not read again. Of a deployed commit it is the bundle.
 */
export async function snapshotProject(
  ctx: Pick<Context, 'blobs' | 'project' | 'paths'>,
): Promise<{ digest: Digest }> {
  const { dir: root, bundle } = ctx.project.code();
  if (bundle !== null) return { digest: bundle };
  const isCode = isCodePath(ctx.project.definition().datasets);
  const dataDir = relative(root, ctx.paths.root).split(sep).join('/');
  const wanted = (path: string): boolean =>
    isCode(path) && !(dataDir !== '' && (path === dataDir || path.startsWith(`${dataDir}/`)));
  const paths = ((await gitFiles(root)) ?? (await allFiles(root))).filter(wanted);
  const seen = seenFiles.get(ctx.blobs) ?? new Map<string, Seen>();
  seenFiles.set(ctx.blobs, seen);
  const entries: TreeEntry[] = [];
  for (let i = 0; i < paths.length; i += 32) {
    const batch = await Promise.all(
      paths.slice(i, i + 32).map((path) => storeFile(ctx.blobs, { root, path, seen })),
    );
    entries.push(...batch.filter((entry) => entry !== null));
  }
  return putTreeEntries(ctx.blobs, entries);
}

async function storeFile(
  blobs: BlobStore,
  file: { root: string; path: string; seen: Map<string, Seen> },
): Promise<TreeEntry | null> {
  const absolute = join(file.root, file.path);
  const info = await stat(absolute, { bigint: true }).catch(() => null);
  // Tracked but deleted, or a link to a folder.
  if (!info?.isFile()) return null;
  const stamp = `${info.size} ${info.mtimeNs} ${info.ctimeNs} ${info.ino}`;
  const executable = (info.mode & 0o111n) !== 0n;
  const known = file.seen.get(absolute);
  if (known?.stamp === stamp) {
    return { path: file.path, digest: known.digest, sizeBytes: known.sizeBytes, executable };
  }
  const stored = await blobs.putFile(absolute);
  if (Date.now() - Number(info.ctimeMs) > SETTLED_MS) file.seen.set(absolute, { stamp, ...stored });
  return { path: file.path, ...stored, executable };
}

/** Null where git does not know the project: no repository, no git, or a project that the repository ignores. */
async function gitFiles(root: string): Promise<string[] | null> {
  const output = await new Promise<string | null>((resolve) => {
    execFile(
      'git',
      ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '-z'],
      { cwd: root, maxBuffer: 64 << 20 },
      (error, stdout) => {
        resolve(error ? null : stdout);
      },
    );
  });
  const paths = output?.split('\0').filter((path) => path !== '') ?? [];
  return paths.includes('rondo.yaml') ? paths : null;
}

async function allFiles(root: string, folder = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (NEVER.has(basename(entry.name))) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await allFiles(root, path)));
    else found.push(path);
  }
  return found;
}
