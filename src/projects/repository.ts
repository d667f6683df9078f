import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { runGit } from './git.ts';

/** The git repository a project lies in. */
export type Repository = {
  /** The project's folder. */
  dir: string;
  /** Folder with refs and objects, shared by worktrees. */
  commonDir: string;
  /** The project's folder below the repository's root, with a `/` at its end; empty at the root. */
  prefix: string;
};

/** A commit as git tells of it. */
export type GitCommit = { sha: string; subject: string; author: string; committedMs: number };

/** Null where no repository is, or no git. */
export async function findRepository(dir: string): Promise<Repository | null> {
  try {
    const text = (await runGit(dir, ['rev-parse', '--git-common-dir', '--show-prefix'])).toString();
    const [commonDir = '', prefix = ''] = text.split('\n');
    return { dir, commonDir: resolve(dir, commonDir), prefix };
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

/**
 * Changes whenever the branch may point elsewhere. One stat: of the branch's own file, or of the file of packed refs
 * where git has put it there.
 */
export function branchStamp(repository: Repository, branch: string): string {
  const look = (path: string): string | null => {
    const info = statSync(path, { bigint: true, throwIfNoEntry: false });
    return info ? `${info.ino}-${info.mtimeNs}-${info.size}` : null;
  };
  return (
    look(join(repository.commonDir, 'refs', 'heads', ...branch.split('/'))) ??
    look(join(repository.commonDir, 'packed-refs')) ??
    look(join(repository.commonDir, 'reftable', 'tables.list')) ??
    'none'
  );
}

/** The newest commit of a branch; null while it has none. */
export async function headOf(repository: Repository, branch: string): Promise<GitCommit | null> {
  const format = '%H%x00%an%x00%ct%x00%s';
  const text = await runGit(repository.dir, [
    'log',
    '-1',
    '--no-show-signature',
    `--format=${format}`,
    `refs/heads/${branch}`,
    '--',
  ]).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'GIT_FAILED') return null;
    throw error;
  });
  const [sha, author = '', seconds = '0', subject = ''] = text?.toString().trim().split('\0') ?? [];
  if (sha === undefined || sha === '') return null;
  return { sha, author, subject, committedMs: Number(seconds) * 1000 };
}

/** A file of a commit's tree. */
export type GitFile = { path: string; object: string; executable: boolean; content: Uint8Array };

/** The plain files of a commit below the project's folder, as they were committed; links and submodules are left out. */
export async function filesOfCommit(
  repository: Repository,
  sha: string,
  wanted: (path: string) => boolean,
): Promise<GitFile[]> {
  const tree = `${sha}:${repository.prefix}`;
  const list = (
    await runGit(repository.dir, ['ls-tree', '-r', '-z', '--full-tree', tree])
  ).toString();
  const found = list
    .split('\0')
    .flatMap((line) => {
      const match = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line);
      const [, mode, type, object, path] = match ?? [];
      if (type !== 'blob' || mode === '120000' || object === undefined || path === undefined)
        return [];
      return [{ path, object, executable: mode === '100755' }];
    })
    .filter((file) => wanted(file.path));
  const contents = await readObjects(
    repository,
    found.map((file) => file.object),
  );
  return found.map((file, i) => ({ ...file, content: contents[i] ?? new Uint8Array() }));
}

async function readObjects(repository: Repository, objects: readonly string[]) {
  if (objects.length === 0) return [];
  const output = await runGit(repository.dir, ['cat-file', '--batch'], `${objects.join('\n')}\n`);
  const contents: Buffer[] = [];
  let at = 0;
  for (const object of objects) {
    const end = output.indexOf(10, at);
    const size = Number(
      / blob (\d+)$/.exec(output.subarray(at, end).toString())?.[1] ?? Number.NaN,
    );
    if (Number.isNaN(size)) throw new AppError('GIT_FAILED', `git has no object ${object}.`);
    contents.push(output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return contents;
}
