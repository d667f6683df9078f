import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { timeSortedIds } from '../../src/base/ids.ts';
import type { ProjectDefinition } from '../../src/config/project-file/project-definition.ts';
import type { Context, Project } from '../../src/context.ts';
import { createEventBus } from '../../src/events/event-bus.ts';
import { openAnalytics } from '../../src/storage/analytics/analytics.ts';
import { openFileBlobStore } from '../../src/storage/blobs/file-blob-store.ts';
import { openDatabase } from '../../src/storage/database/database.ts';
import {
  createReplayedCalendar,
  realMonotonic,
  type ReplayedCalendar,
} from '../../src/system/clocks.ts';
import { dataPaths } from '../../src/system/data-paths.ts';
import { randomByteSource } from '../../src/system/random-bytes.ts';
import { testDatabase } from './test-database.ts';

export type TestContext = Context & {
  databaseUrl: URL;
  calendar: ReplayedCalendar;
  /** Writes a file into the project folder, making its folders. */
  write(path: string, content: string | Uint8Array): Promise<string>;
  /** Replaces (parts of) the project definition. */
  define(part: Partial<ProjectDefinition>): void;
  [Symbol.asyncDispose](): Promise<void>;
};

function projectOf(dir: string, definition: () => ProjectDefinition): Project {
  const project: Project = {
    dir,
    definition,
    code: () => ({ dir, commit: null, bundle: null }),
    workingTree: () => Promise.resolve(project),
  };
  return project;
}

/** 2026-01-05T00:00:00Z, a Monday: where the test calendar starts unless told. */
export const TEST_START_MS = Date.UTC(2026, 0, 5);

/** A context with real parts (database, blobs, DuckDB) in a folder of its own and a calendar the test moves. */
export async function testContext(
  options: { startMs?: number; definition?: Partial<ProjectDefinition>; dir?: string } = {},
): Promise<TestContext> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'rondo-test-')));
  const projectDir = join(dir, 'project');
  await mkdir(projectDir, { recursive: true });
  const paths = dataPaths(join(dir, 'data'));
  const database = await testDatabase(paths.root, { again: options.dir !== undefined });
  const { db, afterCommit, close } = await openDatabase(database.url);
  const blobs = await openFileBlobStore(join(paths.root, 'blobs'));
  const analytics = await openAnalytics({
    threads: 2,
    memoryLimitMb: 1024,
    tempFolder: paths.temp,
  });
  const calendar = createReplayedCalendar(options.startMs ?? TEST_START_MS);
  let definition: ProjectDefinition = {
    rondo: 1,
    project: 'test',
    datasets: {},
    features: {},
    pipelines: {},
    models: {},
    endpoints: {},
    notifications: [],
    ...options.definition,
  };
  return {
    databaseUrl: database.url,
    db,
    blobs,
    analytics,
    calendar,
    clocks: { monotonic: realMonotonic, calendar },
    ids: timeSortedIds(() => Date.now(), randomByteSource()),
    bus: createEventBus(afterCommit),
    logger: pino({ level: process.env.RONDO_LOG_LEVEL ?? 'silent' }),
    project: projectOf(projectDir, () => definition),
    paths,
    async write(path, content) {
      const target = join(projectDir, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
      return target;
    },
    define(part) {
      definition = { ...definition, ...part };
    },
    async [Symbol.asyncDispose]() {
      analytics.close();
      await close();
      await database.remove();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
