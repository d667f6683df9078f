import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const example = (name: string): string => join(import.meta.dirname, '..', '..', 'examples', name);

/** A project in a git repository of its own, with an author that is nobody. */
export type GitProject = {
  dir: string;
  git(...args: string[]): Promise<string>;
  write(path: string, content: string): Promise<void>;
  /** Replaces text in a file; fails when it is not there. */
  change(path: string, from: string, to: string): Promise<void>;
  /** Commits everything as it is and gives the sha. */
  commit(subject: string): Promise<string>;
};

/** The starter example with `ci:` in its `rondo.yaml`, as a repository without a commit. */
export async function starterRepository(dir: string, ci = '{}'): Promise<GitProject> {
  await cp(example('starter'), dir, { recursive: true });
  const project = await gitProject(dir);
  await project.change('rondo.yaml', 'project: penguins', `project: penguins\nci: ${ci}`);
  await project.write('.gitignore', '.rondo/\nnode_modules/\n');
  return project;
}

/** Makes a folder a repository. */
export async function gitProject(dir: string): Promise<GitProject> {
  await mkdir(dir, { recursive: true });
  const run = promisify(execFile);
  const git = async (...args: string[]): Promise<string> => {
    const env = {
      PATH: process.env.PATH,
      HOME: dir,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.invalid',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.invalid',
    };
    return (await run('git', args, { cwd: dir, env })).stdout.trim();
  };
  await git('init', '--quiet', '--initial-branch=main');
  return {
    dir,
    git,
    async write(path, content) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), content);
    },
    async change(path, from, to) {
      const text = await readFile(join(dir, path), 'utf8');
      if (!text.includes(from)) throw new Error(`${path} does not hold "${from}"`);
      await writeFile(join(dir, path), text.replace(from, to));
    },
    async commit(subject) {
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** Takes the folder of a test away. */
export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
