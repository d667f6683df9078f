import { spawn } from 'node:child_process';
import { AppError } from '../base/app-error.ts';

/**
 * What every call carries: no hooks, no file-system monitor, no network, and repositories of other users are read too.
 * Nothing that a repository's own settings name is ever started.
 */
const SAFE = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'safe.directory=*',
  '-c',
  'protocol.allow=never',
];
const LARGEST_OUTPUT_BYTES = 512 << 20;

/** Runs git and gives what it printed. Throws `GIT_MISSING` where there is no git, `GIT_FAILED` with its own words. */
export async function runGit(dir: string, args: readonly string[], input = ''): Promise<Buffer> {
  const child = spawn('git', [...SAFE, ...args], {
    cwd: dir,
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_NO_LAZY_FETCH: '1',
    },
  });
  const output: Buffer[] = [];
  let bytes = 0;
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LARGEST_OUTPUT_BYTES) child.kill('SIGKILL');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      const isMissing = (error as { code?: string }).code === 'ENOENT';
      reject(
        isMissing
          ? new AppError('GIT_MISSING', 'There is no git on this machine (or on PATH).')
          : error,
      );
    });
    child.once('close', resolve);
  });
  if (code !== 0) {
    const said = bytes > LARGEST_OUTPUT_BYTES ? 'its answer is too large' : complaint.trim();
    throw new AppError('GIT_FAILED', `git ${args[0] ?? ''} in ${dir}: ${said}`);
  }
  return Buffer.concat(output);
}
