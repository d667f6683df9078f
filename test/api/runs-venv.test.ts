import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { pipelineOf } from '../harness/pipeline-of.ts';
import { testContext, type TestContext } from '../harness/test-context.ts';
import { venvEnvironment } from '../../src/executors/environments/venv.ts';
import { readLog } from '../../src/runs/actions/read-log.ts';
import { startRun } from '../../src/runs/actions/start-run.ts';
import { openEngine } from '../../src/runs/engine.ts';
import { closeRuns, waitForRun } from '../../src/runs/work.ts';
import { takeLock } from '../../src/system/take-lock.ts';

const python = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
const environment = { kind: 'venv', requirements: 'requirements.txt', python: 'python3' };
const prefix = 'python -c "import sys; print(sys.prefix, sys.prefix != sys.base_prefix)"';

async function runOnce(ctx: TestContext): Promise<string[]> {
  ctx.define({
    pipelines: {
      p: pipelineOf({
        one: { run: prefix, environment, cache: false },
        two: { run: prefix, environment, cache: false },
      }),
    },
  });
  const cause = { kind: 'manual' as const, text: 'a test' };
  const { runId } = await startRun(ctx, { pipeline: 'p', cause });
  expect(await waitForRun(ctx, runId)).toMatchObject({ state: 'succeeded', reason: null });
  const logs: string[] = [];
  for (const step of ['one', 'two']) {
    let text = '';
    const pieces = await readLog(ctx, { runId, step, attempt: null, from: 0, follow: false });
    for await (const piece of pieces) text += Buffer.from(piece).toString('utf8');
    logs.push(text);
  }
  return logs;
}

test(
  'a step runs in a virtual environment that is made once per content of its requirements',
  { timeout: 120_000 },
  async ({ skip }) => {
    // On a build machine the tools have to be there.
    if (!python && process.env.CI === undefined) skip('there is no python3 with venv here');
    await using ctx = await testContext();
    const home = join(ctx.paths.root, 'environments');
    await ctx.write('rondo.yaml', 'rondo: 1\nproject: test\n');
    await ctx.write('requirements.txt', '# none\n');
    try {
      await openEngine(ctx, { concurrency: 2 });
      const first = await runOnce(ctx);
      const [made = '', ...others] = readdirSync(home).filter((name) => !name.startsWith('.'));
      expect(others).toEqual([]);
      for (const log of first) expect(log).toContain(`${join(home, made)} True\n`);
      // Two steps at once waited for one build: one of them made it and tells so in its log.
      expect(first.filter((log) => log.includes('Making a virtual environment'))).toHaveLength(1);
      const before = statSync(join(home, made, 'ready')).mtimeMs;
      expect(await runOnce(ctx)).toEqual([
        `${join(home, made)} True\n`,
        `${join(home, made)} True\n`,
      ]);
      expect(statSync(join(home, made, 'ready')).mtimeMs).toBe(before);
      const identity = (content: string) =>
        venvEnvironment.identity({
          config: environment,
          folder: home,
          readProjectFile: () => Promise.resolve(Buffer.from(content)),
        });
      expect(await identity('# none\n')).toBe(await identity('# none\n'));
      expect(await identity('a==1 # why\n\n  b==2')).toBe(await identity('a==1\r\nb==2\n'));
      expect(await identity('a==1\nb==2\n')).not.toBe(await identity('a==1\nb==3\n'));
      expect(await identity('a @ https://x/#egg=a')).not.toBe(
        await identity('a @ https://x/#egg=b'),
      );
    } finally {
      await closeRuns(ctx);
    }
  },
);

test(
  'servers that share a folder of environments make each once: the others wait for it',
  { timeout: 120_000 },
  async ({ skip }) => {
    if (!python && process.env.CI === undefined) skip('there is no python3 with venv here');
    await using ctx = await testContext();
    const folder = join(ctx.paths.root, 'shared');
    const lines: string[] = [];
    const ask = {
      config: environment,
      folder,
      readProjectFile: () => Promise.resolve(Buffer.from('# none\n')),
      signal: new AbortController().signal,
      log: (line: string) => lines.push(line),
    };
    const first = await venvEnvironment.prepare(ask);
    const home = first.variables.VIRTUAL_ENV ?? '';
    // Another server makes it again.
    const lock = takeLock(join(folder, `.${basename(home)}.lock`));
    rmSync(join(home, 'ready'));
    const waiting = venvEnvironment.prepare(ask);
    await vi.waitFor(() => expect(lines.at(-1)).toMatch(/Waiting for another server/));
    writeFileSync(join(home, 'ready'), 'by the other');
    lock?.release();
    expect(await waiting).toEqual(first);
    expect(readFileSync(join(home, 'ready'), 'utf8')).toBe('by the other');
    // One that died in the middle holds nobody up.
    rmSync(join(home, 'ready'));
    await venvEnvironment.prepare(ask);
    expect(readFileSync(join(home, 'ready'), 'utf8')).toBe('');
  },
);
