import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import type { RoutedModel } from '../contract/route-table.ts';
import type { Context } from '../context.ts';
import { sendRequest } from '../system/send-request.ts';
import { gatewayClient, type GatewayClient } from './gateway-client.ts';

export type Cells = (number | string | boolean | null)[];

export type RowScores = {
  /** One for each row; null where the model failed or gave no finite number. */
  scores: (number | null)[];
  /** `status` as the gateway answered: 400 and above for what the caller asked, 500 and above for what the model did. */
  errors: { row: number; message: string; status: number }[];
};

/** A gateway process of its own, with nothing in it but the models it was started with. Records nothing. */
export type ScratchGateway = {
  readonly address: string;
  readonly client: GatewayClient;
  /**
   * Scores rows with a model version over the Open Inference Protocol. `rows` have their cells in the order of `columns`:
   * the columns of the model's signature; null is a missing value.
   */
  scoreRows(version: string, columns: string[], rows: Cells[]): Promise<RowScores>;
};

/** Limits of the gateway that work on files wants otherwise. */
export type ScratchLimits = { maxBatchRows?: number; pythonTimeoutMs?: number };

const ROWS_PER_REQUEST = 1000;
const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 5000;

/**
 * Starts a gateway in a process of its own with the given model versions, lets `use` work with it, and stops it. It has
 * its own port and folder; a model that cannot be loaded is AppError GATEWAY_MODEL_UNLOADABLE.
 */
export async function withScratchGateway<T>(
  ctx: Pick<Context, 'paths' | 'ids'>,
  models: RoutedModel[],
  use: (gateway: ScratchGateway) => Promise<T>,
  limits: ScratchLimits = {},
): Promise<T> {
  const dataDir = join(ctx.paths.temp, ctx.ids.next('gateway'));
  await mkdir(dataDir, { recursive: true });
  const { child, address } = await startProcess(dataDir, limits);
  try {
    const client = gatewayClient({ address, tokenFile: join(dataDir, 'token') });
    await client.putRoutes({ version: 1, calendar: { kind: 'real' }, models, endpoints: [] });
    return await use({
      address,
      client,
      scoreRows: (version, columns, rows) => {
        const model = models.find((candidate) => candidate.version === version);
        if (!model) {
          throw new AppError(
            'GATEWAY_UNKNOWN_MODEL',
            `the scratch gateway has no version ${version}`,
          );
        }
        return scoreRows(address, { model, columns, rows });
      },
    });
  } finally {
    await stopProcess(child);
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function scoreRows(
  address: string,
  request: { model: RoutedModel; columns: string[]; rows: Cells[] },
): Promise<RowScores> {
  const { model, columns, rows } = request;
  const result: RowScores = { scores: [], errors: [] };
  for (let begin = 0; begin < rows.length; begin += ROWS_PER_REQUEST) {
    await scoreChunk(
      { url: inferUrl(address, model), columns, types: typesOf(model, columns) },
      rows.slice(begin, begin + ROWS_PER_REQUEST),
      { begin, result },
    );
  }
  return result;
}

type Target = { url: string; columns: string[]; types: string[] };

/** A request fails as a whole, so a chunk with a bad row is halved until the bad rows stand alone. */
async function scoreChunk(
  target: Target,
  rows: Cells[],
  into: { begin: number; result: RowScores },
): Promise<void> {
  const { begin, result } = into;
  const { status, text } = await sendRequest(target.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(inferBody(target, rows)),
  });
  const answer = JSON.parse(text) as {
    error?: string;
    outputs?: { data: (number | null)[] }[];
  };
  const data = answer.outputs?.[0]?.data;
  if (status === 200 && data) {
    for (const [i, score] of data.entries()) result.scores[begin + i] = score;
  } else if (rows.length === 1) {
    result.scores[begin] = null;
    result.errors.push({ row: begin, message: answer.error ?? `status ${status}`, status });
  } else {
    const half = Math.ceil(rows.length / 2);
    await scoreChunk(target, rows.slice(0, half), { begin, result });
    await scoreChunk(target, rows.slice(half), { begin: begin + half, result });
  }
}

function inferUrl(address: string, { name, version }: RoutedModel): string {
  return `${address}/v2/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/infer`;
}

function inferBody({ columns, types }: Target, rows: Cells[]) {
  return {
    inputs: columns.map((name, c) => ({
      name,
      shape: [rows.length],
      datatype: types[c],
      data: rows.map((row) => row[c] ?? null),
    })),
    outputs: [{ name: 'score' }],
  };
}

function typesOf({ signature }: RoutedModel, columns: string[]): string[] {
  return columns.map((column) => {
    const type = signature.find(({ name }) => name === column)?.type;
    if (type === 'boolean') return 'BOOL';
    if (type === 'string' || type === 'datetime') return 'BYTES';
    return 'FP64';
  });
}

/** Starts `gateway/gateway-process` and waits for the line with its address. */
function startProcess(
  dataDir: string,
  limits: ScratchLimits,
): Promise<{ child: ChildProcess; address: string }> {
  const script = join(
    import.meta.dirname,
    '..',
    'gateway',
    `gateway-process${extname(import.meta.filename)}`,
  );
  const config = {
    dataDir,
    host: '127.0.0.1',
    port: 0,
    limits: { maxBodyBytes: 64 * 1024 * 1024, ...limits },
  };
  const child = spawn(process.execPath, [script], {
    env: { ...passedOn(), RONDO_GATEWAY_CONFIG: JSON.stringify(config) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let complaints = '';
    const timer = setTimeout(
      () => fail(`it did not start within ${START_WITHIN_MS} ms`),
      START_WITHIN_MS,
    );
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new AppError('GATEWAY_UNREACHABLE', `the scratch gateway failed: ${reason}`));
    };
    child.stderr.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const end = output.indexOf('\n');
      if (end < 0) return;
      clearTimeout(timer);
      const { address } = JSON.parse(output.slice(0, end)) as { address: string };
      resolve({ child, address });
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exit ${String(code)} ${complaints}`));
  });
}

/** What the Python processes of models need to find their packages; nothing else of the server's environment. */
function passedOn(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'PYTHONPATH', 'LD_LIBRARY_PATH'];
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}
