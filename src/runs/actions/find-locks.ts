import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../../context.ts';
import { hashFile } from '../../storage/blobs/file-blob-store.ts';

const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'uv.lock',
  'poetry.lock',
  'Pipfile.lock',
  'requirements.txt',
  'Cargo.lock',
  'go.sum',
];

/**
 * The packages a project's steps see: the nearest `node_modules` at or above the project, and digests of the lock files
 * of its code and of npm's own record of what is installed.
 */
export async function findLocks(
  ctx: Pick<Context, 'project'>,
): Promise<{ nodeModules: string | null; locks: Record<string, string> }> {
  const folders = [ctx.project.code().dir];
  let nodeModules: string | null = null;
  for (let folder = ctx.project.dir; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules');
    if (existsSync(candidate)) {
      nodeModules = candidate;
      if (folder !== ctx.project.dir) folders.push(folder);
      break;
    }
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) break;
  }
  const locks: Record<string, string> = {};
  const add = async (name: string, path: string): Promise<void> => {
    if (existsSync(path)) locks[name] = (await hashFile(path)).digest;
  };
  for (const [index, folder] of folders.entries()) {
    for (const name of LOCK_FILES)
      await add(index === 0 ? name : `above/${name}`, join(folder, name));
  }
  if (nodeModules !== null) await add('node_modules', join(nodeModules, '.package-lock.json'));
  return { nodeModules, locks };
}
