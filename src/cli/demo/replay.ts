import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProgressBar } from '../cli.ts';
import type { DemoServer } from './demo-server.ts';
import { FAULT_PLAN, readEvents, type FaultKind } from './faults.ts';
import { HOUR_MS, type Departure, type FlightsSource } from './flights-source.ts';
import { ProjectAuthor } from './project-author.ts';
import type { TimeBook } from './time-book.ts';
import type { Answer, Traffic } from './traffic.ts';

/** The first instant of traffic; January is history, there from the start. */
export const TRAFFIC_FROM_MS = Date.UTC(2001, 1, 1);
const HISTORY_FROM_MS = Date.UTC(2001, 0, 1);
/** The last hour of departures; two more days let the labels arrive. */
export const TRAFFIC_UNTIL_MS = Date.UTC(2001, 6, 1);
export const REPLAY_UNTIL_MS = Date.UTC(2001, 6, 3);

export type Replay = {
  server: DemoServer;
  source: FlightsSource;
  traffic: Traffic;
  times: TimeBook;
  projectDir: string;
  faults: ReadonlySet<FaultKind>;
  progress: ProgressBar;
};

export type ReplayResult = {
  labels: number;
  /** What the kill did, when it was planted. */
  kill: { atMs: number; answeredMeanwhile: number; backAfterMs: number } | null;
  /** The commit that looks into the future, when it was planted. */
  leakingSha: string | null;
};

const DATASET_FOLDER = 'data/flights';

/** Puts the files of January into the project; enough new rows, so the first model is trained on them. */
export async function playHistory(replay: Replay): Promise<void> {
  const { server, source, times, projectDir } = replay;
  const folder = join(projectDir, DATASET_FOLDER);
  const paths: string[] = [];
  await times.measure('files', async () => {
    for (let hourMs = HISTORY_FROM_MS; hourMs <= TRAFFIC_FROM_MS; hourMs += HOUR_MS) {
      const name = await source.writeHour(hourMs, folder);
      if (name !== null) paths.push(`${DATASET_FOLDER}/${name}`);
    }
  });
  await times.measure('history', async () => {
    await advance(server, TRAFFIC_FROM_MS);
    await server.api.post('/api/datasets/flights/files', { paths });
  });
  await times.measure('first model', () => server.api.post('/api/settle'));
}

/** What the outside world brings in one hour: files, staged under their path in the dataset's folder, and departures. */
type Hour = { hourMs: number; files: string[]; departures: Departure[] };

/** Plays every hour from February on: files land, labels arrive, the calendar moves, departures are sent. */
export async function playTraffic(replay: Replay): Promise<ReplayResult> {
  const { server, times, faults } = replay;
  const waiting = new LabelQueue();
  const result: ReplayResult = { labels: 0, kill: null, leakingSha: null };
  const author = new ProjectAuthor(replay);
  let next = prepareHour(replay, TRAFFIC_FROM_MS);

  for (let hourMs = TRAFFIC_FROM_MS; hourMs < REPLAY_UNTIL_MS; hourMs += HOUR_MS) {
    const hour = await times.measure('files', () => next);
    // The world goes on while the server works.
    next = prepareHour(replay, hourMs + HOUR_MS);
    next.catch(() => undefined);
    await author.work(hourMs);
    await times.measure('landing', async () => {
      await advance(server, hourMs);
      await landFiles(replay, hour.files);
    });
    const killed = faults.has('server-killed') && hourMs === FAULT_PLAN.killRunMs;
    // The answers of this hour wait; those of flights landed by now are told while others are asked for.
    const landed = waiting.landedUntil(hourMs);
    result.labels += landed.length;
    const answers = killed
      ? await times.measure('kill and return', () => settleWithKill(replay, hour, result))
      : await settleAndSend(replay, hour.departures, landed);
    if (killed) await sendLabels(server, landed);
    waiting.add(answers);
    replay.progress.advance(1, new Date(hourMs).toISOString().slice(0, 10));
  }
  await next;
  result.leakingSha = author.leakingSha;
  return result;
}

async function prepareHour({ source, projectDir, faults }: Replay, hourMs: number): Promise<Hour> {
  const staging = stagingFolder(projectDir);
  const files: (string | null)[] = [];
  if (hourMs > TRAFFIC_FROM_MS) {
    const corrupted = faults.has('corrupted-batch') && hourMs === FAULT_PLAN.corruptedHourMs;
    files.push(await source.writeHour(hourMs, staging, { corrupted }));
  }
  if (faults.has('corrupted-batch') && hourMs === FAULT_PLAN.redeliveredMs) {
    const again = { deliveredMs: hourMs };
    files.push(await source.writeHour(FAULT_PLAN.corruptedHourMs, staging, again));
  }
  const departures = hourMs < TRAFFIC_UNTIL_MS ? await source.departures(hourMs) : [];
  return { hourMs, files: files.filter((name) => name !== null), departures };
}

/** Files wait outside the project until their hour: nobody can see them too early. */
function stagingFolder(projectDir: string): string {
  return join(projectDir, '..', 'arriving');
}

async function landFiles({ server, projectDir }: Replay, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  for (const name of names) {
    const target = join(projectDir, DATASET_FOLDER, name);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(stagingFolder(projectDir), name), target);
  }
  const paths = names.map((name) => `${DATASET_FOLDER}/${name}`);
  await server.api.post('/api/datasets/flights/files', { paths });
}

async function settleAndSend(
  { server, traffic, times }: Replay,
  departures: readonly Departure[],
  landed: readonly Label[],
): Promise<Answer[]> {
  await times.measure('server', () => server.api.post('/api/settle'));
  return times.measure('traffic', async () => {
    const [answers] = await Promise.all([traffic.send(departures), sendLabels(server, landed)]);
    return answers;
  });
}

async function sendLabels(server: DemoServer, items: readonly Label[]): Promise<void> {
  if (items.length > 0) await server.api.post('/api/labels', { items });
}

async function advance(server: DemoServer, hourMs: number): Promise<void> {
  await server.api.post('/api/calendar', {
    nowMs: hourMs,
    untilMs: hourMs + HOUR_MS,
    settle: false,
  });
}

/**
 * Kills the server in the middle of the run that is due now. The departures of the hour are sent while it is down: the
 * gateway must answer them all. Then the instant is settled again by the server that came back.
 */
async function settleWithKill(
  { server, traffic }: Replay,
  { departures, hourMs }: Hour,
  result: ReplayResult,
): Promise<Answer[]> {
  const settled = server.api.post('/api/settle').then(
    () => true,
    () => false,
  );
  await untilStepRuns(server);
  const killedAt = performance.now();
  server.killServer();
  const before = traffic.count.answered;
  const answers = await traffic.send(departures);
  await settled;
  await server.untilHealthy();
  result.kill = {
    atMs: hourMs,
    answeredMeanwhile: traffic.count.answered - before,
    backAfterMs: Math.round(performance.now() - killedAt),
  };
  await server.api.post('/api/settle');
  return answers;
}

/** Waits until a step of a new run is at work, so that the kill falls into the middle. */
async function untilStepRuns(server: DemoServer): Promise<void> {
  const active = (): Promise<{ items: { status: string }[] }> =>
    server.api.get('/api/runs', { limit: 1 });
  for (let tries = 0; tries < 400; tries += 1) {
    const { items } = await active();
    if (items[0]?.status === 'RUNNING') {
      const steps = await readEvents(server.api, ['step.committed', 'run.started']);
      if (steps.at(-1)?.type === 'step.committed') return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

type Label = { predictionId: string; value: number; atMs: number };

/** Answers that wait for their flight to land, soonest first by hour of landing. */
class LabelQueue {
  readonly #byHour = new Map<number, Answer[]>();

  add(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const hour = Math.ceil(answer.landedMs / HOUR_MS) * HOUR_MS;
      const list = this.#byHour.get(hour);
      if (list) list.push(answer);
      else this.#byHour.set(hour, [answer]);
    }
  }

  /** Takes out the labels of the flights landed until an instant. */
  landedUntil(hourMs: number): Label[] {
    const items: Label[] = [];
    for (const [hour, answers] of this.#byHour) {
      if (hour > hourMs) continue;
      for (const { predictionId, late, landedMs } of answers)
        items.push({ predictionId, value: late, atMs: landedMs });
      this.#byHour.delete(hour);
    }
    return items;
  }
}
