import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mainFile } from '../harness/start-rondo.ts';
import { root } from './guide-blocks.ts';

export type Outcome = { code: number; stdout: string; stderr: string };

/** A terminal in a folder of its own, where `npx rondo` is this checkout on free ports. */
export type GuideShell = AsyncDisposable & {
  /** Runs a block as a person would: line by line in one folder, stopping at the first failure. */
  run(text: string): Promise<Outcome>;
  /** Leaves a file in the folder. */
  write(name: string, text: string): Promise<Outcome>;
  /** Puts a line `NAME = ...` in the place of the one line of a file that begins alike. */
  changeLine(name: string, line: string): Promise<Outcome>;
};

/** `path` comes first in PATH; `packages` finds Rondo under `node_modules`, as npm leaves it. */
export async function openGuideShell(
  options: { env?: Record<string, string>; path?: string; packages?: boolean } = {},
): Promise<GuideShell> {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-guide-'));
  const [port, gatewayPort] = [await freePort(), await freePort()];
  // curl says the status of each answer in a last line.
  await writeFile(join(folder, '.curlrc'), 'write-out = "\\n%{http_code}\\n"\n');
  if (options.packages === true) {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'rondo'));
  }
  const place = join(folder, '.place');
  await writeFile(place, folder);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...options.env,
    PATH: [...(options.path === undefined ? [] : [options.path]), process.env.PATH].join(':'),
    CURL_HOME: folder,
    RONDO_PORT: String(port),
    RONDO_GATEWAY_PORT: String(gatewayPort),
    RONDO_URL: `http://127.0.0.1:${port}`,
    GUIDE_NODE: process.execPath,
    GUIDE_MAIN: mainFile,
    GUIDE_PLACE: place,
  };
  let server: ChildProcess | undefined;
  const ownPorts = (text: string): string =>
    text
      .replaceAll('127.0.0.1:7300', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:7301', `127.0.0.1:${gatewayPort}`);
  const done: Outcome = { code: 0, stdout: '', stderr: '' };
  const here = (): string => readFileSync(place, 'utf8').trim();

  async function runLines(lines: readonly string[]): Promise<Outcome> {
    const script = [
      'npx() { test "$1" = rondo && shift && "$GUIDE_NODE" "$GUIDE_MAIN" "$@"; }',
      ...lines,
      'pwd > "$GUIDE_PLACE"',
    ].join('\n');
    return new Promise((resolve) => {
      execFile('sh', ['-e', '-c', script], { cwd: here(), env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  async function startServer(): Promise<Outcome> {
    const child = spawn(process.execPath, [mainFile, 'up'], {
      cwd: here(),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server = child;
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
    const code = await new Promise<number>((resolve) => {
      child.on('exit', (exit) => resolve(exit ?? 1));
      child.stdout.on('data', (piece: Buffer) => {
        stdout += piece.toString();
        if (stdout.includes('Ctrl-C')) resolve(0);
      });
    });
    return { code, stdout, stderr };
  }

  return {
    async run(text) {
      const own = ownPorts(text).split('\n');
      const up = own.findIndex((line) => line.trim() === 'npx rondo up');
      if (up === -1) return runLines(own);
      const before = await runLines(own.slice(0, up));
      return before.code === 0 ? startServer() : before;
    },
    async write(name, text) {
      await writeFile(join(here(), name), `${ownPorts(text)}\n`);
      return done;
    },
    async changeLine(name, line) {
      const path = join(here(), name);
      const beginning = line.slice(0, line.indexOf('=') + 1);
      const lines = readFileSync(path, 'utf8').split('\n');
      const at = lines.flatMap((text, index) => (text.startsWith(beginning) ? [index] : []));
      if (at.length !== 1)
        return { ...done, code: 1, stderr: `${at.length} lines of ${name} begin so` };
      await writeFile(path, lines.with(at[0] ?? 0, line).join('\n'));
      return done;
    },
    async [Symbol.asyncDispose]() {
      if (server && server.exitCode === null) {
        const gone = new Promise((resolve) => server?.once('exit', resolve));
        server.kill('SIGTERM');
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
