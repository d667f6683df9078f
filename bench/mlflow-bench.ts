import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '../src/storage/database/database.ts';
import { ensureExperiment, insertTrackedRun, logMetrics } from '../src/tracking/tracking-store.ts';
import { missing, run as execute } from '../test/engines/engine.ts';
import { mlflowEngine, pythonEnvironment } from '../test/engines/python.ts';
import { startRondo } from '../test/harness/start-rondo.ts';

export const name = 'MLflow protocol: Rondo, mlflow server (4 workers), mlflow server --workers 1';

const RUNS = 10_000;
const POINTS = 100_000;
const BATCH = 1000;
const ROUNDS = 3;

type Target = {
  name: string;
  url: string;
  pid: number;
  startMs: number;
  experiment: string;
  /** Id of the seeded run with the long history. */
  history: string;
  stop(): Promise<void>;
};

/**
 * The same requests to the three, in turns, each with the same runs in SQLite: medians, and how many times better Rondo
 * is than each of the others.
 */
export async function run(): Promise<Record<string, unknown>> {
  const reason = missing(mlflowEngine);
  if (reason !== undefined) return { skipped: reason };
  const folder = await mkdtemp(join(tmpdir(), 'rondo-mlflow-bench-'));
  const targets: Target[] = [];
  try {
    targets.push(await startOwn(join(folder, 'own')));
    const experiment = await seedStock(folder);
    for (const workers of [4, 1]) targets.push(await startStock(folder, workers, experiment));
    const seen = new Map(targets.map((target) => [target.name, newFigures(target)]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const target of targets) await measure(target, seen.get(target.name)!, round);
    }
    for (const target of targets) seen.get(target.name)!.memoryMb.push(await treeMb(target.pid));
    return report(targets, seen);
  } finally {
    for (const target of targets) await target.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Figures = Record<
  'startMs' | 'metricMs' | 'batchMs' | 'searchMs' | 'historyMs' | 'memoryMb',
  number[]
>;

function newFigures(target: Target): Figures {
  return {
    startMs: [target.startMs],
    metricMs: [],
    batchMs: [],
    searchMs: [],
    historyMs: [],
    memoryMb: [],
  };
}

async function measure(target: Target, figures: Figures, round: number): Promise<void> {
  const { run: made } = await post<{ run: { info: { run_id: string } } }>(target, 'runs/create', {
    experiment_id: '0',
    start_time: 1,
  });
  const runId = made.info.run_id;
  for (let i = 0; i < 40; i += 1) {
    const ms = await timed(() =>
      post(target, 'runs/log-metric', {
        run_id: runId,
        key: 'single',
        value: i,
        timestamp: i,
        step: i,
      }),
    );
    if (i >= 5) figures.metricMs.push(ms);
  }
  for (let i = 0; i < 4; i += 1) {
    const metrics = Array.from({ length: BATCH }, (_, at) => ({
      key: `m${at % 10}`,
      value: at / 7,
      timestamp: i * BATCH + at,
      step: i * BATCH + at,
    }));
    figures.batchMs.push(
      await timed(() => post(target, 'runs/log-batch', { run_id: runId, metrics })),
    );
  }
  // A search and a history of the stock server take seconds each.
  const own = target.name === 'rondo';
  if (own || round < 2) figures.searchMs.push(await timed(() => search(target)));
  if (own || round < 1) figures.historyMs.push(await timed(() => readHistory(target)));
}

async function search(target: Target): Promise<void> {
  const { runs } = await post<{ runs: unknown[] }>(target, 'runs/search', {
    experiment_ids: [target.experiment],
    filter: "metrics.auc > 0.5 and params.kind = 'a'",
    order_by: ['metrics.auc DESC'],
    max_results: 100,
  });
  if (runs.length !== 100) throw new Error(`${target.name} found ${runs.length} runs`);
}

/** The history page by page, as the client asks for it. */
async function readHistory(target: Target): Promise<void> {
  let token = '';
  let points = 0;
  do {
    const query = new URLSearchParams({
      run_id: target.history,
      metric_key: 'loss',
      max_results: '25000',
    });
    if (token !== '') query.set('page_token', token);
    const response = await fetch(
      `${target.url}/api/2.0/mlflow/metrics/get-history?${query.toString()}`,
    );
    const page = (await response.json()) as { metrics: unknown[]; next_page_token?: string };
    points += page.metrics.length;
    token = page.next_page_token ?? '';
  } while (token !== '');
  if (points !== POINTS) throw new Error(`${target.name} has ${points} points`);
}

async function post<T>(target: Target, path: string, body: object): Promise<T> {
  const response = await fetch(`${target.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${target.name} ${path}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function report(
  targets: readonly Target[],
  seen: ReadonlyMap<string, Figures>,
): Record<string, unknown> {
  const medians = new Map(
    targets.map(({ name: target }) => [
      target,
      Object.fromEntries(
        Object.entries(seen.get(target) ?? {}).map(([figure, values]) => [
          figure,
          round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN),
        ]),
      ),
    ]),
  );
  const own = medians.get('rondo') ?? {};
  const ratios = targets
    .slice(1)
    .map(({ name: target }) => [
      `times ${target}`,
      Object.fromEntries(
        Object.entries(medians.get(target) ?? {}).map(([figure, value]) => [
          figure,
          round(value / (own[figure] ?? Number.NaN)),
        ]),
      ),
    ]);
  return { goalTimes: 5, ...Object.fromEntries(medians), ...Object.fromEntries(ratios) };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

async function startOwn(dir: string): Promise<Target> {
  await mkdir(join(dir, '.rondo'), { recursive: true });
  const file = pathToFileURL(join(dir, '.rondo', 'rondo.db')).href.slice('file:'.length);
  const opened = await openDatabase(new URL(`sqlite:${file}`));
  let experiment = '';
  for (let from = 0; from < RUNS; from += 500) {
    await opened.db.transaction().execute(async (tx) => {
      experiment = (await ensureExperiment(tx, 'bench', 1)).experiment_id;
      for (let i = from; i < from + 500; i += 1) {
        await insertTrackedRun(tx, {
          runId: `seeded${i}`,
          experimentId: experiment,
          name: `run-${i}`,
          parentRunId: null,
          startTimeMs: i,
          tags: {},
          params: { kind: i % 2 === 1 ? 'a' : 'b' },
          status: 'FINISHED',
        });
        const auc = ((i * 7919) % RUNS) / RUNS;
        await logMetrics(tx, `seeded${i}`, [{ key: 'auc', value: auc, timestampMs: 1, step: 0 }]);
      }
    });
  }
  await opened.db.transaction().execute((tx) =>
    logMetrics(
      tx,
      'seeded0',
      Array.from({ length: POINTS }, (_, i) => ({
        key: 'loss',
        value: 1 / (i + 1),
        timestampMs: i,
        step: i,
      })),
    ),
  );
  await opened.close();
  await writeFile(join(dir, 'rondo.yaml'), 'rondo: 1\nproject: bench\n');
  const startedAt = performance.now();
  const rondo = await startRondo({ dir });
  await rondo.healthy();
  return {
    name: 'rondo',
    url: rondo.url,
    pid: rondo.pidOf('supervisor'),
    startMs: performance.now() - startedAt,
    experiment,
    history: 'seeded0',
    stop: async () => {
      await rondo.stop();
    },
  };
}

async function seedStock(folder: string): Promise<string> {
  const { stdout } = await execute(
    'python3',
    [
      join(import.meta.dirname, 'mlflow-seed.py'),
      join(folder, 'stock.db'),
      join(folder, 'artifacts'),
      String(RUNS),
      String(POINTS),
    ],
    { env: pythonEnvironment(mlflowEngine) },
  );
  return stdout.trim().split('\n').at(-1) ?? '';
}

async function startStock(folder: string, workers: number, experiment: string): Promise<Target> {
  const database = join(folder, `stock-${workers}.db`);
  await cp(join(folder, 'stock.db'), database);
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(
    'python3',
    [
      '-m',
      'mlflow',
      'server',
      '--host=127.0.0.1',
      `--port=${port}`,
      `--workers=${workers}`,
      `--backend-store-uri=sqlite:///${database}`,
      `--artifacts-destination=${join(folder, 'artifacts')}`,
    ],
    { env: pythonEnvironment(mlflowEngine), stdio: 'ignore', detached: true },
  );
  const url = `http://127.0.0.1:${port}`;
  const target = {
    name: workers === 1 ? 'one worker' : `${workers} workers`,
    url,
    pid: child.pid ?? 0,
    startMs: 0,
    experiment,
    history: '0'.repeat(32),
    stop: () => stopGroup(child),
  };
  try {
    await untilAnswered(`${url}/health`);
  } catch (error) {
    await target.stop();
    throw error;
  }
  target.startMs = performance.now() - startedAt;
  // Every worker has answered once before it is measured.
  for (let i = 0; i < 12; i += 1) await post(target, 'experiments/search', { max_results: 1 });
  return target;
}

async function untilAnswered(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not yet.
    }
    if (performance.now() > deadline) throw new Error(`${url} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Memory of a process and all below it; what they share is counted once. */
async function treeMb(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  let kilobytes = 0;
  for (const pid of [...parents.keys()].filter(below)) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}
