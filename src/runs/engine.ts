import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { openExecutor } from '../executors/index.ts';
import type { StepExecutor } from '../executors/step-executor.ts';
import type { RunEffect } from '../pipelines/run-machine.ts';
import { isTerminal, readySteps } from '../pipelines/run-machine.ts';
import type { Database } from '../storage/database/database.ts';
import { loseAttempt } from './actions/fail-attempt.ts';
import { loadRun } from './actions/load-run.ts';
import { pinRun } from './actions/pin-run.ts';
import { runStep } from './actions/run-step.ts';
import { createSlots, type Slots } from './slots.ts';
import type { ActiveRun, RunOutcome } from './run.ts';
import { findRun, isFinished, renewLeases, unfinishedRuns } from './run-store.ts';

export type EngineContext = Pick<
  Context,
  'db' | 'blobs' | 'analytics' | 'clocks' | 'ids' | 'bus' | 'logger' | 'project' | 'paths'
>;

export type EngineOptions = {
  /** Attempts at once; the number of CPUs unless told. */
  concurrency?: number;
  leaseMs?: number;
  beatMs?: number;
  /** Where steps reach this server, for MLFLOW_TRACKING_URI and RONDO_URL. */
  serverUrl?: string;
  /** False: runs that no tracking server knows; steps get no MLFLOW_ variables and track for themselves, if at all. */
  isTracked?: boolean;
  /** The server asks for a token: steps get their attempt's. */
  stepsNeedToken?: boolean;
};

const LEASE_MS = 10_000;
const BEAT_MS = 3000;

const engines = new WeakMap<Database, RunEngine>();

/** The engine that works on this database in this process, if one was opened. */
export function engineOf(db: Database): RunEngine | undefined {
  return engines.get(db);
}

/**
 * Opens the engine for this process: attempts of dead agents are taken back at once and unfinished runs go on. The same
 * database gives the same engine.
 */
export async function openEngine(
  ctx: EngineContext,
  options: EngineOptions = {},
): Promise<RunEngine> {
  const known = engines.get(ctx.db);
  if (known) {
    if (options.serverUrl !== undefined) known.serverUrl = options.serverUrl;
    if (options.stepsNeedToken !== undefined) known.stepsNeedToken = options.stepsNeedToken;
    await known.opened;
    return known;
  }
  const engine = new RunEngine(ctx, options);
  engines.set(ctx.db, engine);
  await engine.opened;
  return engine;
}

/**
 * Drives every unfinished run of this process: event by event, woken by its own commits, never by polling. What it holds
 * in memory is the fold of the rows; it may be killed at any moment.
 */
export class RunEngine {
  readonly ctx: EngineContext;
  readonly executor: StepExecutor;
  readonly slots: Slots;
  readonly opened: Promise<void>;
  serverUrl: string | null;
  readonly isTracked: boolean;
  stepsNeedToken: boolean;
  readonly #leaseMs: number;
  readonly #runs = new Map<string, ActiveRun>();
  /** Steps this process is at work on, by run and name. */
  readonly #atWork = new Map<string, Promise<void>>();
  readonly #pinning = new Set<string>();
  /** Attempts whose lease this process renews itself: built-ins, and commands before and after their process. */
  readonly #held = new Set<string>();
  /** How to stop an attempt of this process. */
  readonly #stops = new Map<string, () => void>();
  readonly #waiters = new Map<string, PromiseWithResolvers<void>>();
  readonly #keys = new Map<string, Promise<void>>();
  #idle = Promise.withResolvers<void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #beat: NodeJS.Timeout;
  readonly #clockId: string;
  readonly #holder = `${hostname()}/${process.pid}`;
  #closed = false;

  constructor(ctx: EngineContext, options: EngineOptions) {
    this.ctx = ctx;
    this.serverUrl = options.serverUrl ?? null;
    this.isTracked = options.isTracked ?? true;
    this.stepsNeedToken = options.stepsNeedToken ?? false;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    const beatMs = options.beatMs ?? BEAT_MS;
    this.slots = createSlots(options.concurrency ?? Math.max(1, availableParallelism()));
    this.executor = openExecutor('local', {
      beatMs,
      leaseMs: this.#leaseMs,
      renew: (keys) => this.#renew(keys),
    });
    this.#clockId = bootId();
    this.#beat = setInterval(() => {
      if (this.#held.size > 0) void this.#renewHeld();
    }, beatMs);
    this.#beat.unref();
    this.#idle.resolve();
    this.opened = this.#recover();
  }

  get activeCount(): number {
    return this.#runs.size;
  }

  /** A new lease from now. */
  lease(): { holder: string; untilMs: number; clockId: string } {
    return {
      holder: this.#holder,
      untilMs: this.ctx.clocks.monotonic.nowMs() + this.#leaseMs,
      clockId: this.#clockId,
    };
  }

  /** From here on this process renews the attempt's lease, and can stop it. */
  hold(token: string, stop: () => void): void {
    this.#held.add(token);
    this.#stops.set(token, stop);
  }

  /** The agent renews it now. */
  handOver(token: string): void {
    this.#held.delete(token);
  }

  /** Does an attempt of this process work under this token? */
  isAtWork(token: string): boolean {
    return this.#stops.has(token);
  }

  release(token: string): void {
    this.#held.delete(token);
    this.#stops.delete(token);
  }

  /** One attempt at a time for one cache key: the others wait, then look again whether the result is there. */
  async alone<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    if (key === null) return work();
    for (let other = this.#keys.get(key); other; other = this.#keys.get(key)) await other;
    const turn = Promise.withResolvers<void>();
    this.#keys.set(key, turn.promise);
    try {
      return await work();
    } finally {
      this.#keys.delete(key);
      turn.resolve();
    }
  }

  /** Takes up a run that was just started; it goes on at once. */
  adopt(runId: string): void {
    void this.#take(runId).catch((error: unknown) => {
      this.ctx.logger.error(
        { err: error, run: runId },
        'a run could not be taken up; it is tried again',
      );
    });
  }

  /** Takes up runs this process does not know yet. True when there were any. */
  async adoptNew(): Promise<boolean> {
    const rows = (await unfinishedRuns(this.ctx.db)).filter((row) => !this.#runs.has(row.run_id));
    for (const row of rows) await this.#take(row.run_id);
    return rows.length > 0;
  }

  run(runId: string): ActiveRun | undefined {
    return this.#runs.get(runId);
  }

  /** Resolves when the run has ended. */
  async outcome(runId: string): Promise<RunOutcome> {
    for (;;) {
      const row = await findRun(this.ctx.db, runId);
      if (!row || isFinished(row)) {
        return {
          runId,
          state: (row?.state ?? 'cancelled') as RunOutcome['state'],
          failedStep: row?.failed_step ?? null,
          code: row?.code ?? null,
          reason: row?.reason ?? null,
        };
      }
      const waiter = this.#waiters.get(runId) ?? Promise.withResolvers<void>();
      this.#waiters.set(runId, waiter);
      if (!this.#runs.has(runId)) await this.#take(runId);
      await waiter.promise;
    }
  }

  /** Resolves when no run is active. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0 && !this.#closed) await this.#idle.promise;
  }

  /** Starts whatever may start in a run; called after each change of its state. */
  advance(run: ActiveRun): void {
    if (this.#closed || run.stale) return;
    if (isTerminal(run.state.status)) {
      this.#drop(run);
      return;
    }
    if (run.state.status === 'queued') {
      if (this.#pinning.has(run.runId)) return;
      this.#pinning.add(run.runId);
      void this.#guard(run, async () => {
        await pinRun(this.ctx, run).finally(() => this.#pinning.delete(run.runId));
      });
      return;
    }
    const nowMs = this.ctx.clocks.monotonic.nowMs();
    for (const name of readySteps(run.plan, run.state, nowMs)) {
      const id = `${run.runId}/${name}`;
      const step = run.plan.steps.find((candidate) => candidate.name === name);
      if (!step || this.#atWork.has(id)) continue;
      const work = this.#guard(run, async () => {
        await runStep(this, run, step).finally(() => this.#atWork.delete(id));
      });
      this.#atWork.set(id, work);
    }
  }

  /** Carries out what the state machine asked for beside storing. */
  carryOut(run: ActiveRun, effects: readonly RunEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'stop-attempt':
          this.#stops.get(effect.token)?.();
          break;
        case 'retry-at': {
          const delayMs = Math.max(0, effect.atMs - this.ctx.clocks.monotonic.nowMs());
          // One millisecond more: the clock tells whole ones.
          const timer = setTimeout(() => {
            this.#timers.delete(timer);
            this.advance(run);
          }, delayMs + 1);
          this.#timers.add(timer);
          break;
        }
        case 'finish':
          break;
      }
    }
  }

  /** Stops at once: running attempts are killed and taken back by whoever opens the database next. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#beat);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const stop of this.#stops.values()) stop();
    await this.executor[Symbol.asyncDispose]();
    await this.opened.catch(() => undefined);
    await Promise.allSettled(this.#atWork.values());
    this.#idle.resolve();
    for (const waiter of this.#waiters.values()) waiter.resolve();
    engines.delete(this.ctx.db);
  }

  get closed(): boolean {
    return this.#closed;
  }

  async #recover(): Promise<void> {
    // Folders of attempts that are over; their groups die within moments, so a second look catches what they wrote last.
    const leftovers = readdirSync(this.ctx.paths.work);
    void Promise.all(
      leftovers.map((name) =>
        rm(join(this.ctx.paths.work, name), {
          recursive: true,
          force: true,
          maxRetries: 5,
          retryDelay: 500,
        }).catch(() => undefined),
      ),
    );
    for (const row of await unfinishedRuns(this.ctx.db)) await this.#take(row.run_id);
  }

  async #take(runId: string): Promise<void> {
    if (this.#runs.has(runId) || this.#closed) return;
    const row = await findRun(this.ctx.db, runId);
    if (!row || isFinished(row) || this.#runs.has(runId)) return;
    const run = await loadRun(this.ctx, row);
    if (this.#runs.has(runId)) return;
    if (this.#runs.size === 0) this.#idle = Promise.withResolvers<void>();
    this.#runs.set(runId, run);
    // One server owns this database: what ran under another process of it is dead, and its groups with it.
    for (const step of run.plan.steps) {
      const state = run.state.steps[step.name];
      if (state?.status !== 'running' || state.token === null) continue;
      await loseAttempt(this.ctx, run, {
        step,
        token: state.token,
        reason: 'the server that ran it was stopped',
      });
    }
    this.advance(run);
  }

  /** Does a piece of work for a run; whatever happens, the run goes on from the state it then has. */
  async #guard(run: ActiveRun, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closed) return;
      this.ctx.logger.error(
        { err: error, run: run.runId },
        'a step of the engine failed; it is tried again',
      );
      // Out of disk, mostly.
      run.stale = true;
    }
    if (run.stale) this.#reloadSoon(run);
    else this.advance(run);
  }

  /** After a while, so that what keeps failing does not keep the process busy. */
  #reloadSoon(run: ActiveRun): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#reload(run);
    }, 1000);
    this.#timers.add(timer);
  }

  async #reload(run: ActiveRun): Promise<void> {
    if (this.#closed || this.#runs.get(run.runId) !== run) return;
    const busy = [...this.#atWork.keys()].some((id) => id.startsWith(`${run.runId}/`));
    if (busy) {
      // What still runs ends on the old fold; whoever ends last comes here again.
      this.#reloadSoon(run);
      return;
    }
    try {
      const row = await findRun(this.ctx.db, run.runId);
      if (!row || isFinished(row)) {
        this.#drop(run);
        return;
      }
      this.#runs.delete(run.runId);
      await this.#take(run.runId);
    } catch (error) {
      this.#runs.set(run.runId, run);
      this.ctx.logger.error({ err: error, run: run.runId }, 'a run cannot go on yet');
      this.#reloadSoon(run);
    }
  }

  #drop(run: ActiveRun): void {
    if (!this.#runs.delete(run.runId)) return;
    this.#waiters.get(run.runId)?.resolve();
    this.#waiters.delete(run.runId);
    if (this.#runs.size === 0) this.#idle.resolve();
  }

  async #renew(tokens: readonly string[]): Promise<string[]> {
    if (this.#closed || tokens.length === 0) return [];
    const kept = await this.ctx.db
      .transaction()
      .execute((tx) => renewLeases(tx, tokens, this.lease()));
    return tokens.filter((token) => !kept.includes(token));
  }

  async #renewHeld(): Promise<void> {
    try {
      for (const token of await this.#renew([...this.#held])) this.#stops.get(token)?.();
    } catch (error) {
      this.ctx.logger.warn({ err: error }, 'leases could not be renewed');
    }
  }
}

/** Names the monotonic clock: it starts anew with the machine. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}
