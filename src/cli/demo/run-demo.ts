import { existsSync } from 'node:fs';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../base/app-error.ts';
import type { CommitItem, CommitView } from '../../contract/views/commits-view.ts';
import type { MaturityView } from '../../contract/views/maturity-view.ts';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { startDemoServer, stopOnSignal, type DemoServer } from './demo-server.ts';
import { readEvents, type FaultKind } from './faults.ts';
import { findFlightsFile, HOUR_MS, openFlightsSource } from './flights-source.ts';
import {
  playHistory,
  playTraffic,
  REPLAY_UNTIL_MS,
  TRAFFIC_FROM_MS,
  type Replay,
  type ReplayResult,
} from './replay.ts';
import { initRepository } from './project-commits.ts';
import { reportFaults } from './report-faults.ts';
import { summariseWeeks } from './summarise.ts';
import type { DemoCommit, DemoSummary } from './summary.ts';
import { TimeBook } from './time-book.ts';
import { Traffic } from './traffic.ts';

export type DemoOptions = {
  dir: string;
  port: string;
  gatewayPort: string;
  faults: ReadonlySet<FaultKind>;
  full: boolean;
};

const MARKER = '.rondo-demo';
const MODEL = 'late-arrival';
/** 12.2 % of the departures from February on: as many as a tenth of all 3,000,000 flights. */
const SHARE_PERMILLE = 122;

/**
 * Replays 26 weeks of flights through a Rondo started as a child process, everything by its public doors, and gives
 * what happened. The server goes on running until the caller stops it.
 */
export async function runDemo(
  cli: Cli,
  options: DemoOptions,
): Promise<{ summary: DemoSummary; server: DemoServer }> {
  const startedAt = performance.now();
  const times = new TimeBook();
  const flightsFile = findFlightsFile();
  const projectDir = await times.measure('preparation', () => prepareProject(options.dir));
  const source = await times.measure('preparation', () =>
    openFlightsSource(flightsFile, {
      sharePermille: options.full ? 1000 : SHARE_PERMILLE,
      tempFolder: join(options.dir, 'tmp'),
    }),
  );
  await times.measure('preparation', () =>
    initRepository(projectDir, { subject: 'Will this flight be late?', atMs: TRAFFIC_FROM_MS }),
  );
  const server = await times.measure('start', () =>
    startDemoServer({
      projectDir,
      startMs: TRAFFIC_FROM_MS,
      port: options.port,
      gatewayPort: options.gatewayPort,
    }),
  );
  cli.say(`Watch it at ${server.url}`);
  using _stopping = stopOnSignal(server);
  try {
    using traffic = new Traffic(server.gatewayUrl, MODEL);
    const progress = cli.progress(
      'Replaying February to June 2001',
      (REPLAY_UNTIL_MS - TRAFFIC_FROM_MS) / HOUR_MS,
    );
    const replay: Replay = {
      server,
      source,
      traffic,
      times,
      projectDir,
      faults: options.faults,
      progress,
    };
    await playHistory(replay);
    const result = await playTraffic(replay);
    progress.stop(`Replayed ${source.flights.toLocaleString('en')} flights`);
    source.close();
    const summary = await times.measure('summary', () => summarise(server, replay, result));
    await recordFrozen(server, summary.weeks);
    return {
      summary: {
        ...summary,
        seconds: Math.round((performance.now() - startedAt) / 100) / 10,
        times: times.parts(),
      },
      server,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function summarise(
  server: DemoServer,
  replay: Replay,
  { kill, leakingSha }: ReplayResult,
): Promise<Omit<DemoSummary, 'seconds' | 'times'>> {
  const { api } = server;
  const events = await readEvents(api, [
    'run.started',
    'run.succeeded',
    'run.failed',
    'step.committed',
    'model.version-registered',
    'candidate.refused',
    'release.promoted',
    'release.rolled-back',
    'release.expired',
    'dataset.file-quarantined',
    'trigger.fired',
    'ci.finished',
    'pipeline.deployed',
  ]);
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  const { collected } = await api.get<{ collected: number }>('/api/predictions/count');
  const retrainings: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== 'run.succeeded') continue;
    const { cause } = event.data as { cause?: { kind?: string } };
    const kind = cause?.kind ?? 'unknown';
    retrainings[kind] = (retrainings[kind] ?? 0) + 1;
  }
  const human = await api.get<{ items: unknown[] }>('/api/events', { actor: 'human', limit: 1000 });
  return {
    weeks: await summariseWeeks(api, MODEL, MODEL),
    faults: reportFaults(replay.faults, events, { kill, leakingSha }),
    commits: await readCommits(api),
    maturity: await api.get<MaturityView>('/api/maturity', { days: 180 }),
    predictions: { ...replay.traffic.count, collected },
    releases: {
      promoted: count('release.promoted'),
      refused: count('candidate.refused'),
      rolledBack: count('release.rolled-back'),
      expired: count('release.expired'),
    },
    retrainings,
    humanActions: human.items.length,
    address: server.url,
    kill,
  };
}

/** Every commit of the replay with its six stations, oldest first. */
async function readCommits(api: ApiClient): Promise<DemoCommit[]> {
  const { items } = await api.get<{ items: CommitItem[] }>('/api/commits', { limit: 500 });
  const commits: DemoCommit[] = [];
  for (const { sha } of items.toReversed()) {
    const { subject, state, sentence, records } = await api.get<CommitView>(`/api/commits/${sha}`);
    commits.push({ sha, subject, state, sentence, records });
  }
  return commits;
}

/** The frozen model's loss as a figure beside the model's own, for the pictures. */
async function recordFrozen(server: DemoServer, weeks: DemoSummary['weeks']): Promise<void> {
  const points = weeks.flatMap(({ week, logLossFrozen }) =>
    logLossFrozen === null
      ? []
      : [{ name: 'frozen-log-loss', time: week, value: logLossFrozen, unit: 'log_loss' }],
  );
  if (points.length > 0) await server.api.post('/api/kpis', { points, endpoint: MODEL });
}

/** A fresh copy of the example in DIR/project. Refuses to delete a folder that an earlier demo did not make. */
async function prepareProject(dir: string): Promise<string> {
  if (existsSync(dir) && !existsSync(join(dir, MARKER))) {
    throw new AppError('USAGE', `${dir} exists and was not made by the demo.`, {
      help: 'Choose another folder with --dir.',
    });
  }
  await rm(dir, { recursive: true, force: true });
  await mkdir(join(dir, 'tmp'), { recursive: true });
  await writeFile(join(dir, MARKER), 'Made by "rondo demo"; the next demo deletes this folder.\n');
  const projectDir = join(dir, 'project');
  const example = fileURLToPath(new URL('../../../examples/flights', import.meta.url));
  await cp(example, projectDir, {
    recursive: true,
    filter: (path) => !path.includes(`${sep}node_modules`),
  });
  await writeFile(join(projectDir, '.gitignore'), '.rondo/\ndata/\nnode_modules\n');
  // The steps import what Rondo has installed already.
  await symlink(findModules(), join(projectDir, 'node_modules'));
  return projectDir;
}

/** The `node_modules` folder this Rondo runs from. */
function findModules(): string {
  const entry = createRequire(import.meta.url).resolve('@duckdb/node-api');
  let folder = dirname(entry);
  while (!folder.endsWith(`${sep}node_modules`)) folder = dirname(folder);
  return resolve(folder);
}
