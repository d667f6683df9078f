import { createWriteStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadableStream } from 'node:stream/web';
import { AppError } from '../base/app-error.ts';
import { errorCodes, type ErrorCode } from '../contract/error-codes.ts';
import type { ScoringJob, ScoringOrder } from '../contract/scoring.ts';
import type { ApiClient } from './api-client.ts';
import type { Cli } from './cli.ts';

const ASK_EVERY_MS = 300;
const FORMATS: Record<string, NonNullable<ScoringOrder['format']>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/**
 * Sends a file of rows to the server, follows it, and brings the scored rows to `output`, which appears whole or not at
 * all. Both paths are the user's own: the server never sees them.
 */
export async function scoreFile(
  cli: Cli,
  options: {
    endpoint: string;
    input?: string;
    output: string;
    modelVersion?: string;
    time?: string;
  },
): Promise<void> {
  const { endpoint, input, output, modelVersion, time } = options;
  if (input === undefined)
    throw new AppError('USAGE', 'Name the rows to score: --input data.parquet.');
  await access(input).catch((cause: unknown) => {
    throw new AppError('NOT_FOUND', `There is no file ${input}.`, { cause });
  });
  const api = cli.api();
  let job = await api.upload<ScoringJob>(
    '/api/scorings',
    {
      endpoint,
      version: modelVersion,
      time,
      format: formatOf('--input', input),
      output: formatOf('--output', output),
    },
    input,
  );
  job = await follow(cli, api, job);
  const { result, error } = job;
  if (!result) {
    const code = error && error.code in errorCodes ? (error.code as ErrorCode) : 'INTERNAL';
    throw new AppError(
      code,
      error?.message ?? 'The server gave no reason.',
      error ? { help: error.help } : {},
    );
  }
  await download(api, job.id, output);
  cli.result(
    { ...result, output },
    (value) =>
      `${count(value.rows)} rows scored by ${value.model} ${value.version} into ${value.output}` +
      (value.errors === 0 ? '' : `; ${count(value.errors)} of them have an error instead`),
  );
}

async function follow(cli: Cli, api: ApiClient, first: ScoringJob): Promise<ScoringJob> {
  let job = first;
  let bar: ReturnType<Cli['progress']> | undefined;
  let shown = 0;
  while (job.state === 'waiting' || job.state === 'running') {
    await pause(ASK_EVERY_MS);
    job = await api.get<ScoringJob>(`/api/scorings/${encodeURIComponent(job.id)}`);
    if (job.rowsTotal === null) continue;
    bar ??= cli.progress('Scoring', job.rowsTotal);
    bar.advance(job.rowsDone - shown, `${count(job.rowsDone)} rows`);
    shown = job.rowsDone;
  }
  bar?.stop(job.state === 'done' ? 'Scored' : 'Not scored');
  return job;
}

/** To a file beside it first, written through to the disk. */
async function download(api: ApiClient, id: string, output: string): Promise<void> {
  const partial = `${output}.partial-${process.pid}`;
  try {
    const response = await api.stream(`/api/scorings/${encodeURIComponent(id)}/result`);
    const body = Readable.fromWeb((response.body ?? new Blob([]).stream()) as ReadableStream);
    await pipeline(body, createWriteStream(partial));
    const file = await open(partial, 'r+');
    await file.sync();
    await file.close();
    await rename(partial, output);
  } finally {
    await rm(partial, { force: true });
  }
}

function formatOf(flag: string, path: string): NonNullable<ScoringOrder['format']> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (format) return format;
  throw new AppError(
    'USAGE',
    `${flag} ${path}: the ending says the form, one of ${Object.keys(FORMATS).join(' ')}.`,
  );
}

function count(n: number): string {
  return n.toLocaleString('en');
}
