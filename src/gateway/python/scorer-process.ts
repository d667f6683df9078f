import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import type { GatewayLimits } from '../gateway-config.ts';
import type { OutputTensor, TensorSpec } from '../loaded-model.ts';
import { messageOf } from '../../base/message-of.ts';
import { ModelUnavailableError } from '../model-formats/model-format.ts';
import type { Datatype } from '../tensor-types.ts';
import {
  ANSWER,
  FAULT,
  frameReader,
  HELLO,
  helloFrame,
  readAnswer,
  rowsFrame,
  type Frame,
} from './scorer-frames.ts';

export type ScorerDescription = {
  outputs: TensorSpec[];
  /** The model answers with a bare list. */
  plain: boolean;
  /** Version of Python. */
  python: string;
};

/** A Python process that has loaded one model version. */
export type Scorer = {
  readonly pid: number;
  readonly description: ScorerDescription;
  /** Rejects with ModelUnavailableError when the process dies or takes too long, with the model's own error otherwise. */
  predict(columns: readonly OutputTensor[]): Promise<OutputTensor[]>;
  /** Resolves with the reason when the process is gone. */
  exited: Promise<string>;
  stop(): Promise<void>;
};

export type ScorerOptions = {
  /** Interpreter: a path or a command of PATH. */
  python: string;
  /** Folder with MLmodel. */
  model: string;
  columns: { name: string; type: string; datatype: Datatype }[];
  dataDir: string;
  limits: Pick<GatewayLimits, 'pythonStartMs' | 'pythonTimeoutMs' | 'pythonMemoryMb'>;
  logger: Logger;
  /** Gives a start up. */
  signal: AbortSignal;
};

/** From src/gateway/python and from dist/gateway/python alike. */
const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'python', 'rondo_scorer.py');
/** The model gets what an interpreter needs to find its packages, and no secrets of the gateway. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'PYTHONPATH',
  'LD_LIBRARY_PATH',
  'OMP_NUM_THREADS',
];
/** sockaddr_un holds 108 bytes. */
const LONGEST_SOCKET_PATH = 100;
const KEPT_LINES = 12;

type Waiting = {
  resolve: (tensors: OutputTensor[]) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
};

/**
 * Starts `rondo_scorer.py` on a model folder and waits until the model is loaded and warmed with its input example.
 * The process is in a group of its own, which is killed as a whole; it ends by itself when its standard input closes,
 * however the gateway dies.
 */
export async function startScorer(options: ScorerOptions): Promise<Scorer> {
  const { logger, limits, signal } = options;
  signal.throwIfAborted();
  const place = socketPlace(options.dataDir);
  const child = spawn(options.python, ['-u', SCRIPT, place.file, String(limits.pythonMemoryMb)], {
    cwd: options.model,
    env: childEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const lines = keepLines(child, logger);
  let reason: string | null = null;
  const end = (why: string): void => {
    reason ??= why;
    killGroup(child);
  };
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, killed) =>
      resolve(reason ?? (killed === null ? `exit code ${String(code)}` : killed)),
    );
  });
  child.stdin.on('error', () => undefined);
  const abort = (): void => end('stopped');
  signal.addEventListener('abort', abort, { once: true });
  const connection = accept(place.file);
  try {
    const socket = await within(connection.socket, { limits, exited, lines });
    place.remove();
    const link = openLink(socket, end);
    socket.write(helloFrame({ model: options.model, columns: options.columns }));
    const description = await within(link.hello, { limits, exited, lines });
    signal.throwIfAborted();
    void exited.then((why) =>
      link.fail(new ModelUnavailableError(`its Python process ended: ${why}`)),
    );
    return {
      pid: child.pid ?? 0,
      description,
      exited,
      predict: (columns) => link.predict(columns, limits.pythonTimeoutMs),
      async stop() {
        end('stopped');
        await exited;
      },
    };
  } catch (error) {
    end('it did not start');
    await exited;
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    connection.close();
    place.remove();
  }
}

/** A path for a socket that the owner alone can reach; under the system's temporary folder where DATA's path is too long. */
function socketPlace(dataDir: string): { file: string; remove: () => void } {
  const name = `${randomBytes(6).toString('hex')}.sock`;
  const folder = join(dataDir, 'scorers');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  if (Buffer.byteLength(file) <= LONGEST_SOCKET_PATH)
    return { file, remove: () => rmSync(file, { force: true }) };
  const short = mkdtempSync(join(tmpdir(), 'rondo-'));
  return {
    file: join(short, name),
    remove: () => rmSync(short, { recursive: true, force: true }),
  };
}

/** Listens for one connection: the file is gone as soon as it was made. */
function accept(file: string): { socket: Promise<Socket>; close: () => void } {
  const server = createServer();
  const socket = new Promise<Socket>((resolve, reject) => {
    server.once('error', reject);
    server.once('connection', resolve);
    server.listen(file, () => chmodSync(file, 0o600));
  });
  socket.catch(() => undefined);
  return { socket, close: () => server.close() };
}

function openLink(socket: Socket, end: (why: string) => void) {
  const waiting = new Map<number, Waiting>();
  const hello = Promise.withResolvers<ScorerDescription>();
  hello.promise.catch(() => undefined);
  let sequence = 0;

  function fail(error: Error): void {
    hello.reject(error);
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    waiting.clear();
  }

  function settle(id: number, act: (entry: Waiting) => void): void {
    const entry = waiting.get(id);
    if (!entry) return;
    waiting.delete(id);
    clearTimeout(entry.timer);
    act(entry);
  }

  function take({ kind, body }: Frame): void {
    if (kind === ANSWER) {
      const { sequence: id, tensors } = readAnswer(body);
      settle(id, ({ resolve }) => resolve(tensors));
    } else if (kind === FAULT) {
      const message = body.toString('utf8', 4);
      settle(body.readUInt32LE(0), ({ reject }) => reject(new Error(message)));
    } else if (kind === HELLO) {
      const said = JSON.parse(body.toString()) as ScorerDescription | { error: string };
      if ('error' in said) hello.reject(new Error(said.error));
      else hello.resolve(said);
    }
  }

  const reader = frameReader(take);
  socket.on('data', (chunk) => {
    try {
      reader.push(chunk as Buffer);
    } catch (error) {
      end(`it does not speak the protocol: ${messageOf(error)}`);
    }
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('it closed its socket'));
  return {
    hello: hello.promise,
    fail,
    predict(columns: readonly OutputTensor[], timeoutMs: number): Promise<OutputTensor[]> {
      sequence = (sequence + 1) >>> 0;
      const id = sequence;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          end(`no answer within ${timeoutMs} ms`);
          settle(id, (entry) =>
            entry.reject(
              new ModelUnavailableError(`its Python process gave no answer within ${timeoutMs} ms`),
            ),
          );
        }, timeoutMs);
        waiting.set(id, { resolve, reject, timer });
        if (socket.destroyed)
          fail(new ModelUnavailableError('its Python process closed its socket'));
        else socket.write(rowsFrame(id, columns));
      });
    },
  };
}

/** A step of the start, unless the process ends or takes too long before it. */
async function within<T>(
  step: Promise<T>,
  context: {
    limits: Pick<GatewayLimits, 'pythonStartMs'>;
    exited: Promise<string>;
    lines: string[];
  },
): Promise<T> {
  const { limits, exited, lines } = context;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`its Python process did not start within ${limits.pythonStartMs} ms`)),
      limits.pythonStartMs,
    );
  });
  const gone = exited.then((why): never => {
    const said = lines.length > 0 ? `: ${lines.join(' | ')}` : '';
    throw new Error(`its Python process ended while it started (${why})${said}`);
  });
  gone.catch(() => undefined);
  try {
    return await Promise.race([step, late, gone]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the process prints goes to the log; the last lines tell why it died at its start. */
function keepLines(child: ChildProcess, logger: Logger): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      logger.debug({ line }, 'python says');
      lines.push(line.slice(0, 300));
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }
  return lines;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function childEnvironment(): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name): [string, string][] => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    // A batch is small: threads of its own would cost more than they give, unless the user says otherwise.
    OMP_NUM_THREADS: '1',
    ...Object.fromEntries(passed),
    PYTHONUNBUFFERED: '1',
    // The model folder stays as it was stored.
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  };
}
