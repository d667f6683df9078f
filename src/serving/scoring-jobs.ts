import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { errorEntry } from '../contract/error-codes.ts';
import type { ScoringJob, scoringOrder } from '../contract/scoring.ts';
import type { Context } from '../context.ts';
import { scoreBatch } from './actions/score-batch.ts';

type Kept = ScoringJob & { output: string; aborting: AbortController };

const KEPT_MS = 3_600_000;

/** Files that are being scored and their results. They live as long as the server: a file is sent again after a restart. */
export type ScoringJobs = {
  /** Takes the file and begins when those before it are done. */
  start(order: z.output<typeof scoringOrder>, file: Readable): Promise<ScoringJob>;
  /** Throws `SCORING_UNKNOWN`. */
  find(id: string): ScoringJob;
  /** Path of the result. Throws `SCORING_UNKNOWN` where there is none. */
  resultOf(id: string): string;
  close(): Promise<void>;
};

const opened = new WeakMap<object, ScoringJobs>();

/** The jobs of a server; one at a time, since each starts a gateway of its own. */
export function scoringJobs(ctx: Context): ScoringJobs {
  const known = opened.get(ctx.db);
  if (known) return known;
  const made = openJobs(ctx);
  opened.set(ctx.db, made);
  return made;
}

function openJobs(ctx: Context): ScoringJobs {
  const jobs = new Map<string, Kept>();
  let turn: Promise<void> = Promise.resolve();

  function require(id: string): Kept {
    const job = jobs.get(id);
    if (job) return job;
    throw new AppError('SCORING_UNKNOWN', `There is no scoring "${id}".`);
  }

  async function run(
    job: Kept,
    order: z.output<typeof scoringOrder>,
    input: string,
  ): Promise<void> {
    if (job.aborting.signal.aborted) return;
    job.state = 'running';
    try {
      job.result = await scoreBatch(ctx, {
        endpoint: order.endpoint,
        version: order.version ?? null,
        input: { path: input, format: order.format },
        output: { path: job.output, format: order.output },
        time: order.time ?? null,
        atMs: ctx.clocks.calendar.nowMs(),
        signal: job.aborting.signal,
        progress: (done, total) => {
          job.rowsDone = done;
          job.rowsTotal = total;
        },
      });
      job.state = 'done';
    } catch (error) {
      job.state = 'failed';
      job.error = errorOf(error);
      ctx.logger.warn({ err: error, scoring: job.id }, 'a file could not be scored');
    } finally {
      await rm(input, { force: true });
      const forget = () => {
        jobs.delete(job.id);
        void rm(job.output, { force: true });
      };
      setTimeout(forget, KEPT_MS).unref();
    }
  }

  return {
    async start(order, file) {
      const id = ctx.ids.next('scoring');
      const input = join(ctx.paths.temp, `${id}.input`);
      await pipeline(file, createWriteStream(input)).catch(async (error: unknown) => {
        await rm(input, { force: true });
        throw error;
      });
      const job: Kept = {
        id,
        state: 'waiting',
        rowsDone: 0,
        rowsTotal: null,
        result: null,
        error: null,
        output: join(ctx.paths.temp, `${id}.output`),
        aborting: new AbortController(),
      };
      jobs.set(id, job);
      turn = turn.then(() => run(job, order, input));
      return job;
    },
    find: require,
    resultOf(id) {
      const job = require(id);
      if (job.state === 'done') return job.output;
      throw new AppError('SCORING_UNKNOWN', `Scoring ${id} has no result: it is ${job.state}.`);
    },
    async close() {
      for (const job of jobs.values()) job.aborting.abort();
      await turn;
    },
  };
}

function errorOf(error: unknown): NonNullable<ScoringJob['error']> {
  const known =
    error instanceof AppError
      ? error
      : new AppError('INTERNAL', error instanceof Error ? error.message : String(error));
  return {
    code: known.code,
    message: known.message,
    help: known.help ?? errorEntry(known.code).help,
  };
}
