import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createBackup } from './backup/create-backup.ts';
import { AppError } from './base/app-error.ts';
import { timeSortedIds } from './base/ids.ts';
import { createServerMetrics } from './system/server-metrics.ts';
import { packageVersion } from './system/package-version.ts';
import type { Config } from './config/config.ts';
import { errorEntry } from './contract/error-codes.ts';
import { openProject, type OpenProject } from './config/project-file/open-project.ts';
import type { Context } from './context.ts';
import { createControlLoop } from './control-loop.ts';
import { createEventBus } from './events/event-bus.ts';
import { logEvents } from './events/log-events.ts';
import { examineComponents } from './examine-components.ts';
import { examineParts } from './examine-parts.ts';
import { createServer } from './http/server.ts';
import type { GatewayClient } from './serving/gateway-client.ts';
import type { Operations } from './operations.ts';
import { projectVariants } from './project-variants.ts';
import { openAnalytics } from './storage/analytics/analytics.ts';
import { openFileBlobStore } from './storage/blobs/file-blob-store.ts';
import { databaseUrl } from './storage/database/database-url.ts';
import { openDatabase, openSnapshot } from './storage/database/database.ts';
import {
  createReplayedCalendar,
  realCalendar,
  realMonotonic,
  type ReplayedCalendar,
} from './system/clocks.ts';
import { dataPaths } from './system/data-paths.ts';
import { lockDataDir } from './system/lock-data-dir.ts';
import { createLogger } from './system/logger.ts';
import { randomByteSource } from './system/random-bytes.ts';
import { serverFigures } from './views/server-figures.ts';
import { createParts } from './parts.ts';
import { followDeployment } from './projects/actions/follow-deployment.ts';
import { publishRoutes } from './serving/actions/publish-routes.ts';

export type App = AsyncDisposable & { ctx: Context; operations: Operations; address: string };

/** DuckDB leaves room for the gateway and for the steps on a small machine. */
const ANALYTICS = { threads: 2, memoryLimitMb: 2048 };

/**
 * Opens everything a server needs, in order, and listens. What was opened is closed again when a later part fails.
 * Throws PROJECT_FILE_MISSING, PROJECT_FILE_INVALID, DATA_DIR_IN_USE, DATA_DIR_NEWER, DATABASE_*, PORT_IN_USE.
 */
export async function createApp(config: Config): Promise<App> {
  await using opened = new AsyncDisposableStack();
  const project = await openProject(config.projectDir, projectVariants);
  const paths = dataPaths(config.dataDir, config.environmentsDir);
  const lock = lockDataDir(paths.root);
  opened.defer(() => {
    lock.release();
  });
  const logger = createLogger({ name: 'rondo-server', level: config.logLevel });
  const { db, afterCommit, close } = await openDatabase(
    databaseUrl(config.database, config.dataDir),
    {
      onTaken: () => {
        logger.fatal('another server has taken the database; this one stops');
        process.exit(errorEntry('DATABASE_IN_USE').exit);
      },
    },
  );
  opened.defer(close);
  const analytics = await openAnalytics({ ...ANALYTICS, tempFolder: paths.temp });
  opened.defer(() => {
    analytics.close();
  });
  const replayed =
    config.calendar.kind === 'replayed'
      ? await resumeCalendar(db, config.calendar.startMs)
      : undefined;
  const ctx: Context = {
    db,
    blobs: await openFileBlobStore(join(paths.root, 'blobs')),
    analytics,
    clocks: { monotonic: realMonotonic, calendar: replayed ?? realCalendar },
    ids: timeSortedIds(() => Date.now(), randomByteSource()),
    bus: createEventBus(afterCommit),
    logger,
    project,
    paths,
  };
  opened.defer(await logEvents(ctx));
  await followDeployment(ctx, project);
  const parts = createParts(ctx, project);
  opened.defer(() => parts.close());
  const metrics = createServerMetrics({
    version: packageVersion(),
    dataFolder: paths.root,
    figures: () => serverFigures(db),
  });
  const loop = createControlLoop(ctx, {
    metrics,
    stages: [[[projectWork(project)]], ...parts.stages],
    runsIdle: parts.runsIdle,
    runsActive: parts.runsActive,
  });
  const git = gitVersion();
  const operations: Operations = {
    version: packageVersion(),
    metrics,
    token: config.token,
    async examine() {
      const findings = await examineParts(ctx, project);
      const version = packageVersion();
      const components = await examineComponents(ctx, { findings, version, git: await git });
      return { findings, components };
    },
    gateway: parts.gateway,
    settle: () => loop.settle(),
    backup: () =>
      createBackup({
        snapshot: () => openSnapshot(databaseUrl(config.database, config.dataDir)),
        blobs: ctx.blobs,
        logsFolder: paths.logs,
        rondo: packageVersion(),
        nowMs: () => Date.now(),
      }),
    publishRoutes: () => parts.publishRoutes(),
    rollBackPipeline: (order) => parts.rollBackPipeline(order),
    advanceCalendar: (to) => advanceCalendar(ctx, parts.gateway, replayed, to),
  };
  const server = await createServer(
    { ...ctx, operations },
    { host: config.host, token: config.token, version: operations.version },
  );
  opened.defer(() => server.close());
  const address = await listen(server, config);
  opened.defer(() => loop.stop());
  await parts.start(address, config.token !== undefined);
  loop.start();
  const resources = opened.move();
  return {
    ctx,
    operations,
    address,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function gitVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'], { timeout: 5000 });
    return stdout.replace('git version', '').trim();
  } catch {
    return null;
  }
}

/**
 * Listens and gives the address. With a port chosen by the system, a restarted server takes the one it had, so that
 * its clients find it again.
 */
async function listen(
  server: Awaited<ReturnType<typeof createServer>>,
  config: Config,
): Promise<string> {
  const file = join(config.dataDir, 'address');
  const before =
    config.port === 0 && existsSync(file)
      ? Number(/:(\d+)$/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
      : 0;
  try {
    const port = before === 0 ? config.port : before;
    await server.listen({ host: config.host, port }).catch((error: unknown) => {
      if (before === 0) throw error;
      return server.listen({ host: config.host, port: 0 });
    });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') {
      throw new AppError('PORT_IN_USE', `Port ${config.port} on ${config.host} is in use.`, {
        cause: error,
      });
    }
    throw error;
  }
  const { port } = server.server.address() as AddressInfo;
  const address = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  writeFileSync(file, address);
  return address;
}

const CALENDAR_KEY = 'calendar.replayed';

/** A replayed calendar goes on where a killed server left it. */
async function resumeCalendar(db: Context['db'], startMs: number): Promise<ReplayedCalendar> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('key', '=', CALENDAR_KEY)
    .executeTakeFirst();
  const calendar = createReplayedCalendar(startMs);
  if (row) {
    const stored = JSON.parse(row.value) as { nowMs: number; untilMs: number };
    if (stored.nowMs > startMs) calendar.advance(stored);
  }
  return calendar;
}

async function advanceCalendar(
  ctx: Context,
  gateway: GatewayClient,
  replayed: ReplayedCalendar | undefined,
  to: { nowMs: number; untilMs: number },
): Promise<void> {
  if (!replayed)
    throw new AppError('CALENDAR_REAL', 'The calendar of this server is the real one.');
  if (to.nowMs < replayed.nowMs() || to.untilMs < to.nowMs) {
    throw new AppError(
      'BAD_REQUEST',
      `The calendar stands at ${new Date(replayed.nowMs()).toISOString()} and does not go back.`,
    );
  }
  const value = JSON.stringify(to);
  await ctx.db
    .insertInto('settings')
    .values({ key: CALENDAR_KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
  replayed.advance(to);
  try {
    await gateway.setCalendar(to);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'GATEWAY_UNREACHABLE') throw error;
    // A gateway without a table of this calendar gets the whole table.
    await publishRoutes(ctx, gateway);
  }
}

/** Reads the project file again when it changed, before anything else of a round. */
function projectWork(project: OpenProject): { name: string; run(ctx: Context): Promise<boolean> } {
  let told: AppError | undefined;
  return {
    name: 'project',
    async run(ctx) {
      const changed = await project.refresh();
      const fault = project.fault();
      if (fault && fault !== told) {
        ctx.logger.error(
          { fault: fault.message },
          'rondo.yaml is wrong; what it said before stays in force',
        );
      }
      told = fault;
      return changed;
    },
  };
}
