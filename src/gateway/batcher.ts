import type { LoadedModel, OutputTensor, RunOutputs } from './loaded-model.ts';
import { messageOf } from '../base/message-of.ts';
import { ModelUnavailableError } from './model-formats/model-format.ts';
import type { Cell } from './tensor-types.ts';

/** What became of one row. */
export type Outcome =
  | { kind: 'scored'; outputs: RunOutputs; row: number }
  /** `unavailable`: the model itself was not there; what it was fed is not to blame. */
  | { kind: 'fault'; message: string; unavailable: boolean }
  | { kind: 'expired' };

/** One row for a model, or one whole request for a model that is not run by rows. */
export type Job = {
  model: LoadedModel;
  values: readonly Cell[];
  tensors?: readonly OutputTensor[];
  /** Monotonic time after which nobody waits for it. */
  expiresAtMs: number;
  /** Called once, synchronously at the end of the run. `behindMs`: how much of its wait other models' runs took. */
  done: (outcome: Outcome, behindMs: number) => void;
};

type WaitingJob = Job & { othersMs: number };

export type Batcher = {
  enqueue(job: Job): void;
  /** Work nobody waits for: run when no answer is waiting, or now and then under steady load. */
  enqueueSilent(job: Job): void;
  readonly waitingRows: number;
  readonly waitingSilentRows: number;
  /** What waits for this model, and for those it shares the loop with. */
  waitingFor(model: LoadedModel): { rows: number; silentRows: number };
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
};

type BatcherOptions = { maxBatchRows: number; nowMs: () => number; afterBatch: () => void };

type Lane = {
  add(job: Job, silently: boolean): void;
  readonly waitingRows: number;
  readonly waitingSilentRows: number;
  readonly isIdle: boolean;
  idle(): Promise<void>;
};

/** Silent work may take about one fifth of a busy loop. */
const SILENT_REST = 4;

/**
 * Tick batching: all rows that are read in one turn of the event loop go to the model in one run, split by model
 * version. Nothing is waited for, so a lone request is not slowed; while a run is under way the next rows gather. A
 * batch that fails is run again in halves, so that one bad row fails one request. `afterBatch` is called after the
 * jobs of each batch are done. A model in a process of its own has a lane of its own: the others do not wait for it.
 */
export function createBatcher(options: BatcherOptions): Batcher {
  const shared = createLane(options);
  const own = new Map<LoadedModel, Lane>();

  function laneOf(model: LoadedModel): Lane {
    if (!model.ownProcess) return shared;
    let lane = own.get(model);
    if (!lane) {
      lane = createLane(options);
      own.set(model, lane);
      // Models come and go: the lanes of those that are gone hold nothing.
      for (const [other, { isIdle }] of own) if (isIdle && other !== model) own.delete(other);
    }
    return lane;
  }
  const sum = (count: (lane: Lane) => number): number => {
    let total = count(shared);
    for (const lane of own.values()) total += count(lane);
    return total;
  };

  return {
    enqueue: (job) => laneOf(job.model).add(job, false),
    enqueueSilent: (job) => laneOf(job.model).add(job, true),
    get waitingRows() {
      return sum((lane) => lane.waitingRows);
    },
    get waitingSilentRows() {
      return sum((lane) => lane.waitingSilentRows);
    },
    waitingFor(model) {
      const { waitingRows, waitingSilentRows } = laneOf(model);
      return { rows: waitingRows, silentRows: waitingSilentRows };
    },
    async idle() {
      // A row that moves from one lane to another (a challenger that failed) is in neither for no turn of the loop.
      for (;;) {
        const busy = [shared, ...own.values()].filter((lane) => !lane.isIdle);
        if (busy.length === 0) return;
        await Promise.all(busy.map((lane) => lane.idle()));
      }
    },
  };
}

function createLane(options: BatcherOptions): Lane {
  const { maxBatchRows, nowMs, afterBatch } = options;
  const answers = new Map<LoadedModel, WaitingJob[]>();
  const silent = new Map<LoadedModel, WaitingJob[]>();
  const busy = busyTimes(nowMs);
  let waitingRows = 0;
  let waitingSilentRows = 0;
  let scheduled = false;
  let silentRestUntilMs = 0;
  let idleWaiters: (() => void)[] = [];

  function add(job: Job, silently: boolean): void {
    const queue = silently ? silent : answers;
    if (silently) waitingSilentRows += 1;
    else waitingRows += 1;
    job.model.hold();
    const waiting = Object.assign(job, { othersMs: busy.ofOthers(job.model) });
    const jobs = queue.get(job.model);
    if (jobs) jobs.push(waiting);
    else queue.set(job.model, [waiting]);
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => void drain());
  }

  async function drain(): Promise<void> {
    for (;;) {
      if (answers.size > 0) await runAnswers();
      if (silent.size > 0 && (answers.size === 0 || nowMs() >= silentRestUntilMs)) {
        const beginMs = nowMs();
        const batch = takeBatch(silent, maxBatchRows);
        waitingSilentRows -= batch.length;
        busy.begin();
        await runBatch(batch);
        afterBatch();
        // Silent scores are nobody's own: no arm waits for them on its own account.
        busy.end(null);
        silentRestUntilMs = nowMs() + SILENT_REST * (nowMs() - beginMs);
      } else if (answers.size === 0) {
        break;
      }
    }
    scheduled = false;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  /**
   * One run of every model that has rows waiting, in the same turn of the loop: what the turn reads from the network is
   * then a wait of all of them alike. Each is answered as soon as its own run is done.
   */
  async function runAnswers(): Promise<void> {
    const batches = [...answers.keys()].map(() => takeBatch(answers, maxBatchRows));
    // Before the runs, which wait for the same phase of the loop.
    setImmediate(() => busy.begin());
    await Promise.all(
      batches.map(async (batch) => {
        waitingRows -= batch.length;
        await runBatch(batch);
        afterBatch();
        busy.end(batch[0]?.model ?? null);
      }),
    );
  }

  async function runBatch(batch: WaitingJob[]): Promise<void> {
    const now = nowMs();
    const live: WaitingJob[] = [];
    for (const job of batch) {
      if (now > job.expiresAtMs) finish(job, { kind: 'expired' });
      else live.push(job);
    }
    if (live.length > 0) await runHalving(live);
  }

  /** A batch that fails is halved until the rows that fail stand alone. */
  async function runHalving(jobs: WaitingJob[]): Promise<void> {
    if (await tryRun(jobs)) return;
    const half = Math.ceil(jobs.length / 2);
    await runHalving(jobs.slice(0, half));
    await runHalving(jobs.slice(half));
  }

  /** False when a batch of several failed and nothing was answered yet. */
  async function tryRun(batch: WaitingJob[]): Promise<boolean> {
    const [first] = batch;
    if (!first) return true;
    let outputs: RunOutputs;
    try {
      outputs = first.tensors
        ? await first.model.runTensors(first.tensors)
        : await first.model.runRows(batch.map((job) => job.values));
    } catch (error) {
      const unavailable = error instanceof ModelUnavailableError;
      if (batch.length > 1 && !unavailable) return false;
      for (const job of batch)
        finish(job, { kind: 'fault', message: messageOf(error), unavailable });
      return true;
    }
    for (let row = 0; row < batch.length; row += 1) {
      const job = batch[row];
      if (job) finish(job, { kind: 'scored', outputs, row });
    }
    return true;
  }

  function finish(job: WaitingJob, outcome: Outcome): void {
    job.model.release();
    job.done(outcome, busy.ofOthers(job.model) - job.othersMs);
  }

  return {
    add,
    get waitingRows() {
      return waitingRows;
    },
    get waitingSilentRows() {
      return waitingSilentRows;
    },
    get isIdle() {
      return !scheduled;
    },
    idle: () =>
      scheduled ? new Promise((resolve) => idleWaiters.push(resolve)) : Promise.resolve(),
  };
}

/** Rows of one model, oldest first; the models take turns. Whole-tensor jobs go alone. */
function takeBatch(queue: Map<LoadedModel, WaitingJob[]>, maxRows: number): WaitingJob[] {
  const [entry] = queue;
  if (!entry) return [];
  const [model, jobs] = entry;
  queue.delete(model);
  const limit = model.byRows ? maxRows : 1;
  if (jobs.length <= limit) return jobs;
  queue.set(model, jobs.slice(limit));
  return jobs.slice(0, limit);
}

/**
 * How long the loop worked for each model: the time from the end of the work before it to its last answer. The difference
 * of `ofOthers` at two instants is what a waiting row lost to other models: two arms of a release share one loop, and the
 * arm that is run second must not look slower for it.
 */
function busyTimes(nowMs: () => number) {
  const spent = new WeakMap<LoadedModel, number>();
  let total = 0;
  let sinceMs = nowMs();
  return {
    begin(): void {
      sinceMs = nowMs();
    },
    end(model: LoadedModel | null): void {
      const now = nowMs();
      const ms = now - sinceMs;
      sinceMs = now;
      total += ms;
      if (model) spent.set(model, (spent.get(model) ?? 0) + ms);
    },
    ofOthers(model: LoadedModel): number {
      return total - (spent.get(model) ?? 0);
    },
  };
}
