import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import type { Context } from '../../context.ts';
import { isCodePath } from '../../datasets/source-paths.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { putTreeEntries, type TreeEntry } from '../../storage/blobs/tree.ts';
import { filesOfCommit, type Repository } from '../repository.ts';

export type Bundle = { digest: Digest; files: number; sizeBytes: number };

/** Reads the definition in a folder; throws as the first reading of a project does. */
export type LoadDefinition = (dir: string) => Promise<ProjectDefinition>;

/**
 * Stores what a commit's pipelines are made of: `rondo.yaml`, code, SQL, suites and lock files as they were committed;
 * no data. Only content, paths and the executable bit count, so that one commit gives one digest wherever it is built.
 * Throws `PROJECT_FILE_MISSING` or `PROJECT_FILE_INVALID`.
 */
export async function buildBundle(
  ctx: Pick<Context, 'blobs' | 'paths' | 'ids'>,
  from: { repository: Repository; sha: string; load: LoadDefinition },
): Promise<Bundle> {
  const datasets = await datasetsOf(ctx, from);
  const files = await filesOfCommit(from.repository, from.sha, isCodePath(datasets));
  const entries: TreeEntry[] = [];
  for (const file of files) {
    const stored = await ctx.blobs.put(file.content);
    entries.push({ path: file.path, ...stored, executable: file.executable });
  }
  const { digest } = await putTreeEntries(ctx.blobs, entries);
  return {
    digest,
    files: entries.length,
    sizeBytes: entries.reduce((sum, entry) => sum + entry.sizeBytes, 0),
  };
}

/** What the commit's own `rondo.yaml` calls data. */
async function datasetsOf(
  ctx: Pick<Context, 'paths' | 'ids'>,
  from: { repository: Repository; sha: string; load: LoadDefinition },
): Promise<ProjectDefinition['datasets']> {
  const dir = join(ctx.paths.temp, ctx.ids.next('bundle'));
  await mkdir(dir, { recursive: true });
  try {
    const found = await filesOfCommit(from.repository, from.sha, (path) => path === 'rondo.yaml');
    for (const file of found) await writeFile(join(dir, file.path), file.content);
    return (await from.load(dir)).datasets;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
