import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { AppError } from '../../base/app-error.ts';
import { createApiClient, type ApiClient } from '../api-client.ts';

/** `rondo up` as a child of the demo, as a user would start it. */
export type DemoServer = {
  api: ApiClient;
  url: string;
  gatewayUrl: string;
  /** SIGKILL of the server process; the supervisor starts it again, the gateway goes on. */
  killServer(): void;
  untilHealthy(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the child ends by itself or by a signal. */
  ended: Promise<void>;
};

/** Starts server and gateway on the demo's project, with the calendar standing at `startMs`. */
export async function startDemoServer(options: {
  projectDir: string;
  startMs: number;
  port: string;
  gatewayPort: string;
}): Promise<DemoServer> {
  const main = join(import.meta.dirname, '..', '..', `main${extname(import.meta.filename)}`);
  const flags = [
    '--dir',
    options.projectDir,
    '--port',
    options.port,
    '--gateway-port',
    options.gatewayPort,
  ];
  const calendar = `replayed:${new Date(options.startMs).toISOString()}`;
  const child = spawn(
    process.execPath,
    [main, 'up', '--json', ...flags, '--calendar', calendar, '--log-level', 'warn'],
    {
      // Should the demo itself be killed, the channel closes and the child stops by itself.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, RONDO_SUPERVISED: '1' },
      // Ctrl-C reaches the demo alone, which stops the child in order.
      detached: true,
    },
  );
  const addresses = await readAddresses(child);
  const api = createApiClient({ url: addresses.server, token: process.env.RONDO_TOKEN });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
  });
  return {
    api,
    url: addresses.server,
    gatewayUrl: addresses.gateway,
    ended,
    killServer() {
      process.kill(childPid(child.pid ?? 0, 'server'), 'SIGKILL');
    },
    untilHealthy: () => untilHealthy(addresses.server),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Ctrl-C in the middle of the replay: nothing of it stays behind. Gives what takes the handlers away again. */
export function stopOnSignal(server: DemoServer): Disposable {
  const stop = (signal: NodeJS.Signals): void => {
    void server.stop().finally(() => process.exit(128 + constants.signals[signal]));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/** The process id of a supervised part, from /proc. */
function childPid(supervisor: number, part: string): number {
  const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8')
    .trim()
    .split(/\s+/);
  for (const pid of children) {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (words.includes(part)) return Number(pid);
  }
  throw new AppError('INTERNAL', `No ${part} runs under the supervisor ${supervisor}.`);
}

async function readAddresses(child: ChildProcess): Promise<{ server: string; gateway: string }> {
  let text = '';
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      text += line;
      try {
        return JSON.parse(text) as { server: string; gateway: string };
      } catch {
        // The document goes on.
      }
    }
  }
  throw new AppError('INTERNAL', 'rondo up ended before it was ready.', {
    help: 'Read what it printed above; another Rondo may use the ports (--port, --gateway-port).',
  });
}

async function untilHealthy(url: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries += 1) {
    try {
      if ((await fetch(`${url}/health`)).ok) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new AppError('SERVER_UNREACHABLE', `The server at ${url} did not come back within 30 s.`);
}
