import { chmod, mkdtemp, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  gitProject,
  removeFolder,
  starterRepository,
  type GitProject,
} from '../../test/harness/git-project.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { loadProjectFile } from '../config/project-file/load-project-file.ts';
import { projectVariants } from '../project-variants.ts';
import { readTree } from '../storage/blobs/tree.ts';
import { buildBundle } from './actions/build-bundle.ts';
import { checkOutBundle } from './actions/check-out-bundle.ts';
import { branchStamp, findRepository, headOf } from './repository.ts';

const load = (dir: string) => loadProjectFile(dir, projectVariants);

async function bundleOf(ctx: TestContext, dir: string, sha: string) {
  const repository = await findRepository(dir);
  if (!repository) throw new Error('no repository');
  return buildBundle(ctx, { repository, sha, load });
}

/** A clone whose files differ from the first folder's in everything that is not content. */
async function otherClone(project: GitProject): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rondo-clone-'));
  const clone = await gitProject(dir);
  await clone.git('config', 'core.autocrlf', 'true');
  await clone.git('pull', '--quiet', project.dir, 'main');
  await clone.write('data/ignored.csv', 'a\n1\n');
  await clone.write('notes-nobody-committed.txt', 'x');
  await utimes(join(dir, 'rondo.yaml'), 1, 1);
  await chmod(join(dir, 'steps', 'fit.mjs'), 0o600);
  return dir;
}

test('one commit gives one digest in two folders; code counts, data and the working tree do not', async () => {
  await using ctx = await testContext();
  const project = await starterRepository(join(ctx.paths.root, '..', 'here'));
  await project.write('steps/tool.sh', '#!/bin/sh\r\necho 1\r\n');
  await chmod(join(project.dir, 'steps', 'tool.sh'), 0o755);
  const sha = await project.commit('first');
  const first = await bundleOf(ctx, project.dir, sha);
  const clone = await otherClone(project);
  try {
    await using elsewhere = await testContext();
    expect(await bundleOf(elsewhere, clone, sha)).toEqual(first);
  } finally {
    await removeFolder(clone);
  }
  await project.write('steps/fit.mjs', 'not committed');
  expect(await bundleOf(ctx, project.dir, sha)).toEqual(first);
  const entries = await readTree(ctx.blobs, first.digest);
  const paths = entries.map((entry) => entry.path);
  expect(paths).toContain('rondo.yaml');
  expect(paths.filter((path) => path.startsWith('data/'))).toEqual([]);
  expect(entries.find((entry) => entry.path === 'steps/tool.sh')?.executable).toBe(true);
  const second = await project.commit('another step');
  expect((await bundleOf(ctx, project.dir, second)).digest).not.toBe(first.digest);
  expect(await checkOutBundle(ctx, first.digest)).toBe(await checkOutBundle(ctx, first.digest));
});

test('a project in a folder of a larger repository is its own bundle', async () => {
  await using ctx = await testContext();
  const whole = await gitProject(join(ctx.paths.root, '..', 'mono'));
  await whole.write('other/secret.txt', 'not of the project');
  const project = await starterRepository(join(whole.dir, 'models', 'penguins'));
  await removeFolder(join(project.dir, '.git'));
  const sha = await whole.commit('both');
  const { digest } = await bundleOf(ctx, project.dir, sha);
  const paths = (await readTree(ctx.blobs, digest)).map((entry) => entry.path);
  expect(paths).toContain('rondo.yaml');
  expect(paths.join()).not.toContain('secret');
});

test('the watch costs one look while nothing changes, and sees commits, packed refs and no branch', async () => {
  await using ctx = await testContext();
  const project = await starterRepository(join(ctx.paths.root, '..', 'here'));
  const repository = await findRepository(project.dir);
  if (!repository) throw new Error('no repository');
  expect(await headOf(repository, 'main')).toBeNull();
  const none = branchStamp(repository, 'main');
  const sha = await project.commit('first: with "quotes", and a\ttab');
  const one = branchStamp(repository, 'main');
  expect(one).not.toBe(none);
  expect(await headOf(repository, 'main')).toMatchObject({
    sha,
    author: 'Test',
    subject: 'first: with "quotes", and a\ttab',
  });
  const startedAt = performance.now();
  for (let i = 0; i < 1000; i += 1) expect(branchStamp(repository, 'main') === one).toBe(true);
  expect((performance.now() - startedAt) / 1000).toBeLessThan(0.3);
  await project.git('pack-refs', '--all');
  expect(branchStamp(repository, 'main')).not.toBe(one);
  expect((await headOf(repository, 'main'))?.sha).toBe(sha);
  expect(await headOf(repository, 'no-such-branch')).toBeNull();
});

test('nothing that a repository names is started', async () => {
  await using ctx = await testContext();
  const project = await starterRepository(join(ctx.paths.root, '..', 'here'));
  const sha = await project.commit('first');
  const trap = join(project.dir, 'trap.sh');
  const sprung = join(project.dir, 'sprung');
  await writeFile(trap, `#!/bin/sh\ntouch '${sprung}'\n`);
  await chmod(trap, 0o755);
  for (const key of ['core.fsmonitor', 'core.pager', 'core.sshCommand', 'diff.external'])
    await project.git('config', key, trap);
  await project.git('config', 'core.hooksPath', project.dir);
  await project.git('config', 'log.showSignature', 'true');
  await project.git('config', 'gpg.program', trap);
  await bundleOf(ctx, project.dir, sha);
  const repository = await findRepository(project.dir);
  if (repository) await headOf(repository, 'main');
  const { existsSync } = await import('node:fs');
  expect(existsSync(sprung)).toBe(false);
});
