import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';

/** A piece of text in a file and what it becomes. */
export type Edit = { file: string; from: string; to: string };

const AUTHOR = 'Rondo demo';
const EMAIL = 'demo@example.invalid';

/** Makes the demo's project a git repository and commits what is in it. Throws `GIT_MISSING`. */
export async function initRepository(
  projectDir: string,
  commit: { subject: string; atMs: number },
): Promise<string> {
  await git(projectDir, ['init', '--quiet', '--initial-branch=main']);
  return commitAll(projectDir, commit);
}

/** Changes files of the project as its author would, and commits them. Gives the sha. */
export async function commitEdits(
  projectDir: string,
  edits: readonly Edit[],
  commit: { subject: string; atMs: number },
): Promise<string> {
  for (const edit of edits) await applyEdit(projectDir, edit);
  return commitAll(projectDir, commit);
}

/** Takes the newest commit back by another one. */
export async function revertCommit(projectDir: string, sha: string, atMs: number): Promise<string> {
  await git(projectDir, ['revert', '--no-edit', sha], atMs);
  return (await git(projectDir, ['rev-parse', 'HEAD'])).trim();
}

/** Replaces text that must be there, once. */
export async function applyEdit(dir: string, { file, from, to }: Edit): Promise<void> {
  const path = join(dir, file);
  const text = await readFile(path, 'utf8');
  if (text.split(from).length !== 2)
    throw new AppError('INTERNAL', `The demo cannot change ${file}: "${from}" is not there once.`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}

async function commitAll(
  projectDir: string,
  { subject, atMs }: { subject: string; atMs: number },
): Promise<string> {
  await git(projectDir, ['add', '--all']);
  await git(projectDir, ['commit', '--quiet', '-m', subject], atMs);
  return (await git(projectDir, ['rev-parse', 'HEAD'])).trim();
}

/** Nobody's settings, nobody's name: the same history on every machine. */
function git(cwd: string, args: readonly string[], atMs = 0): Promise<string> {
  const date = `@${Math.floor(atMs / 1000)} +0000`;
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: AUTHOR,
    GIT_AUTHOR_EMAIL: EMAIL,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: AUTHOR,
    GIT_COMMITTER_EMAIL: EMAIL,
    GIT_COMMITTER_DATE: date,
  };
  return new Promise((resolve, reject) => {
    execFile('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd, env }, (error, stdout) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT')
        reject(
          new AppError('GIT_MISSING', 'The demo works with commits, and there is no git here.', {
            help: 'Install git and try again.',
          }),
        );
      else reject(error);
    });
  });
}
