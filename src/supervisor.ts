import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';

/** What a supervised process tells its supervisor when it is ready to work. */
export type ReadyMessage = { kind: 'ready'; address: string };

export type Supervisor = {
  /** Addresses of both once both were ready for the first time. Rejects with the exit code of one that cannot start. */
  ready: Promise<{ server: string; gateway: string }>;
  /** Resolves when everything has stopped; the value is the exit code. */
  done: Promise<number>;
  stop(): void;
};

type Part = 'server' | 'gateway';
const STOP_MS = 8000;
/** Exit codes that another try would not change: usage, missing, refused, environment. */
const HOPELESS = new Set([2, 3, 4, 5]);
/** The database is away: hopeless for a first start, a pause for a server that has worked. The gateway goes on meanwhile. */
const UNREACHABLE = 6;

/**
 * Starts server and gateway and starts them again when they die, with a growing pause. It holds no data and speaks no
 * HTTP. Both children end when the channel to it closes, however it dies.
 */
export function supervise(flags: readonly string[], env: NodeJS.ProcessEnv): Supervisor {
  const main = join(import.meta.dirname, `main${extname(import.meta.filename)}`);
  const children = new Map<Part, ChildProcess>();
  const addresses = new Map<Part, string>();
  let stopping = false;
  let exitCode = 0;
  const ready = Promise.withResolvers<{ server: string; gateway: string }>();
  const done = Promise.withResolvers<number>();
  ready.promise.catch(() => undefined);

  const start = (part: Part, failures: number): void => {
    const child = fork(main, [part, ...flags], {
      env: { ...(part === 'server' ? env : withoutDatabase(env)), RONDO_SUPERVISED: '1' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.set(part, child);
    const startedAt = process.hrtime.bigint();
    child.on('message', (message: ReadyMessage) => {
      if (message.kind !== 'ready') return;
      addresses.set(part, message.address);
      const [server, gateway] = [addresses.get('server'), addresses.get('gateway')];
      if (server !== undefined && gateway !== undefined) ready.resolve({ server, gateway });
    });
    child.on('exit', (code) => {
      children.delete(part);
      const hopeless =
        code !== null && (HOPELESS.has(code) || (code === UNREACHABLE && !addresses.has(part)));
      if (!stopping && hopeless) {
        exitCode = code;
        ready.reject(new Error(`${part} cannot start`));
        stop();
      }
      if (stopping) {
        if (children.size === 0) done.resolve(exitCode);
        return;
      }
      const livedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
      const failed = livedMs > 60_000 ? 0 : failures + 1;
      // The first restart is at once: a killed server should be back before anyone notices.
      const pauseMs = failed <= 1 ? 0 : Math.min(30_000, 250 * 2 ** (failed - 2));
      setTimeout(() => {
        if (stopping) return;
        start(part, failed);
      }, pauseMs);
    });
  };

  // The server first: no new work is begun. The gateway answers until it is gone.
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    const stopGateway = (): void => {
      children.get('gateway')?.kill('SIGTERM');
    };
    const server = children.get('server');
    if (server) {
      server.once('exit', stopGateway);
      server.kill('SIGTERM');
    } else stopGateway();
    if (children.size === 0) done.resolve(exitCode);
    setTimeout(() => {
      for (const child of children.values()) child.kill('SIGKILL');
    }, STOP_MS).unref();
  };

  start('gateway', 0);
  start('server', 0);
  return { ready: ready.promise, done: done.promise, stop };
}

/** Only the server needs the database, and its URL may carry a password. */
function withoutDatabase({
  RONDO_DATABASE: _database,
  ...others
}: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return others;
}
