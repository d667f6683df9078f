import { createHash, randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../base/app-error.ts';
import { projectPathField } from '../../contract/fields.ts';
import { takeLock } from '../../system/take-lock.ts';
import type { EnvironmentAsk, StepEnvironment } from './environment.ts';

const config = z.object({
  requirements: projectPathField.describe(
    'File of pip requirements in the project; pin versions there',
  ),
  python: z.string().min(1).default('python3').describe('The Python that makes the environment'),
});

/**
 * A Python virtual environment, made once per content of the requirements and version of Python, and shared by all steps
 * that ask for the same. A mark is written when it is whole, so that a crash leaves none half made in use.
 */
export const venvEnvironment: StepEnvironment = {
  kind: 'venv',
  summary: 'A Python virtual environment with the packages of a requirements file',
  config,
  async identity(ask) {
    return identityOf(ask);
  },
  async prepare(ask) {
    const { requirements, python } = config.parse(ask.config);
    const identity = await identityOf(ask);
    const home = join(
      ask.folder,
      `venv-${createHash('sha256').update(identity).digest('hex').slice(0, 24)}`,
    );
    if (!existsSync(join(home, 'ready'))) {
      const making = builds.get(home) ?? buildOnce(ask, { home, requirements, python });
      builds.set(home, making);
      await making.finally(() => builds.delete(home));
    }
    return { path: [join(home, 'bin')], variables: { VIRTUAL_ENV: home } };
  },
};

/** Environments being made: two steps that need the same one wait for one build. */
const builds = new Map<string, Promise<void>>();

async function identityOf(ask: EnvironmentAsk): Promise<string> {
  const { requirements, python } = config.parse(ask.config);
  const content = essence(Buffer.from(await ask.readProjectFile(requirements)).toString('utf8'));
  const version = await versionOf(python);
  const digest = createHash('sha256').update(content).digest('hex');
  return `venv ${process.platform} ${process.arch} ${version} requirements sha256:${digest}`;
}

/** Requirements without comments and blank lines, so that what a model brings along is known as what trained it. */
function essence(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, '').trim());
  return lines.filter((line) => line !== '').join('\n');
}

async function versionOf(python: string): Promise<string> {
  const lines: string[] = [];
  const never = new AbortController().signal;
  await runTool(
    python,
    // In an activated environment `python3` makes environments of the Python below it: they are the same.
    ['-c', 'import sys; print(sys.implementation.name, sys.version.split()[0], sys.base_prefix)'],
    {
      signal: never,
      log: (line) => lines.push(line),
    },
  );
  return lines.join(' ');
}

/** The folder may be shared by several servers: one of them builds, the others wait. */
async function buildOnce(
  ask: EnvironmentAsk & { signal: AbortSignal; log(line: string): void },
  what: { home: string; requirements: string; python: string },
): Promise<void> {
  await mkdir(ask.folder, { recursive: true });
  const file = join(ask.folder, `.${basename(what.home)}.lock`);
  let lock = takeLock(file);
  if (!lock) ask.log('Waiting for another server that makes the same virtual environment');
  while (!lock) {
    await setTimeout(500, undefined, { signal: ask.signal });
    lock = takeLock(file);
  }
  try {
    if (!existsSync(join(what.home, 'ready'))) await build(ask, what);
  } finally {
    lock.release();
  }
}

async function build(
  ask: EnvironmentAsk & { signal: AbortSignal; log(line: string): void },
  what: { home: string; requirements: string; python: string },
): Promise<void> {
  // A venv holds its own path in its scripts, so it is made in place; the mark `ready` comes last.
  await rm(what.home, { recursive: true, force: true });
  ask.log(`Making a virtual environment from ${what.requirements}`);
  await runTool(what.python, ['-m', 'venv', what.home], ask);
  const file = join(what.home, 'requirements.txt');
  await writeFile(file, await ask.readProjectFile(what.requirements));
  await runTool(
    join(what.home, 'bin', 'python'),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '-r', file],
    ask,
  );
  const mark = join(what.home, `ready-${randomUUID()}`);
  await writeFile(mark, '');
  await rename(mark, join(what.home, 'ready'));
}

async function runTool(
  command: string,
  args: readonly string[],
  ask: { signal: AbortSignal; log(line: string): void },
): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: ask.signal });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      ask.log(line);
      tail.push(line);
      if (tail.length > 5) tail.shift();
    });
  }
  const outcome = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      resolve(code === 0 ? null : `${signal ?? `exit code ${code ?? '?'}`}: ${tail.join(' | ')}`);
    });
  });
  if (outcome !== null) {
    throw new AppError(
      'ENVIRONMENT_FAILED',
      `"${command} ${args.slice(0, 3).join(' ')}" failed: ${outcome}`,
    );
  }
}
