import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { createLogger } from '../system/logger.ts';
import { createBatcher } from './batcher.ts';
import { countRows, lookUpIn } from './feature-copy.ts';
import { openFeatureLog } from './feature-log.ts';
import { defaultLimits, type GatewayConfig } from './gateway-config.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { createGatewayServer } from './gateway-server.ts';
import type { Gateway } from './gateway.ts';
import { openLiveRoutes } from './live-routes.ts';
import { predictionIds } from './prediction-ids.ts';
import { createPredictor } from './predictor.ts';
import { openReleaseGuard } from './release-guard.ts';
import { openSpool } from './spool.ts';
import { replaceFile } from './write-file.ts';

export type RunningGateway = {
  /** `http://127.0.0.1:7301` */
  address: string;
  port: number;
  close(): Promise<void>;
};

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const DRAIN_MS = 5000;
const LAST_CALL_MS = 250;
const QUIET_TURNS = 3;
const QUIET_TURN_MS = 5;
const SAVE_EVERY_MS = 1000;

/**
 * Starts the gateway: reads routes, feature values and releases from its disk, loads the models, and listens. `close`
 * stops taking requests, answers those under way for at most 5 s, and writes everything down.
 * @throws AppError TOKEN_REQUIRED, PORT_IN_USE, GATEWAY_MODEL_UNLOADABLE
 */
export async function runGateway(config: GatewayConfig): Promise<RunningGateway> {
  const limits = { ...defaultLimits, ...config.limits };
  const local = isLoopback(config.host);
  if (!local && !config.token) {
    throw new AppError(
      'TOKEN_REQUIRED',
      `the gateway is to listen on ${config.host}, which others can reach, and has no token`,
    );
  }
  const dir = config.dataDir;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const nowMs = () => performance.now();
  const realNowMs = () => Date.now();
  // Left by a gateway that was killed: no process listens there any more.
  rmSync(join(dir, 'scorers'), { recursive: true, force: true });
  const logger = createLogger({ name: 'gateway', level: config.logLevel ?? 'silent' });
  const controlToken = readControlToken(join(dir, 'token'));
  const guard = openReleaseGuard(dir);
  const routes = await openLiveRoutes({ dataDir: dir, limits, logger }, guard);
  const features = openFeatureLog(dir);
  const spool = openSpool(join(dir, 'spool'), { ...limits, nowMs });
  const batcher = createBatcher({
    maxBatchRows: limits.maxBatchRows,
    nowMs,
    afterBatch: () => predictor.settle(),
  });
  const metrics = createGatewayMetrics({
    waitingRows: () => batcher.waitingRows,
    waitingSilentRows: () => batcher.waitingSilentRows,
    silentDropped: () => predictor.silentDropped,
    spoolBytes: () => spool.offset,
    spoolRecords: () => spool.records,
    spoolWritable: () => spool.writable,
    featureRows: () => countRows(features.copy),
    routeVersion: () => routes.current.table.version,
    processes: () =>
      [...routes.current.models.values()]
        .filter(({ ownProcess }) => ownProcess)
        .map(({ name, version, ready, restarts }) => ({ model: name, version, ready, restarts })),
  });
  const predictor = createPredictor({
    batcher,
    spool,
    guard,
    metrics,
    limits,
    lookUp: lookUpIn(features.copy),
    nextId: predictionIds(realNowMs(), Math.random()),
    nowMs,
    onRollback: (record) => {
      routes.refresh();
      logger.warn(record, 'release taken back by the error rule');
    },
  });
  const gateway: Gateway = {
    routes,
    features,
    guard,
    spool,
    batcher,
    predictor,
    metrics,
    limits,
    draining: false,
    logger,
    realNowMs,
  };
  // Elsewhere than on loopback the token keeps strangers out, and a machine has more names than it knows.
  const hosts = local ? new Set(LOOPBACK) : null;
  const server = createGatewayServer(
    gateway,
    { hosts, token: config.token ?? null, controlToken },
    nowMs,
  );
  const port = await listen(server, config);
  const saving = setInterval(() => guard.save(), SAVE_EVERY_MS);

  /** Nothing waits, and a few turns of the loop brought nothing new. */
  async function drained(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      if (batcher.waitingRows > 0) quiet = 0;
      await batcher.idle();
      await pause(QUIET_TURN_MS);
    }
  }

  async function stop(): Promise<void> {
    gateway.draining = true;
    logger.info('gateway stops');
    clearInterval(saving);
    // Connections that wait to be accepted would be reset when the listener closes, so it stays open for a moment.
    await Promise.race([drained(), pause(LAST_CALL_MS)]);
    // http's own close() would cut idle connections at once, with requests that are on their way already.
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(server, () => resolve());
    });
    await Promise.race([drained(), pause(DRAIN_MS)]);
    server.closeIdleConnections();
    await Promise.race([closed, pause(100)]);
    server.closeAllConnections();
    predictor.settle();
    guard.save();
    spool.close();
    features.close();
    await routes.close();
  }

  let stopping: Promise<void> | undefined;
  const close = () => (stopping ??= stop());
  if (config.supervised) stopWithParent(close);
  logger.info({ host: config.host, port, routes: routes.current.table.version }, 'gateway listens');
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return { address: `http://${host}:${port}`, port, close };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The token of the control routes: made once, readable by the owner alone. */
function readControlToken(file: string): string {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token.length >= 32) return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('hex');
  replaceFile(file, `${token}\n`);
  return token;
}

function listen(
  server: ReturnType<typeof createGatewayServer>,
  { host, port }: GatewayConfig,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError('PORT_IN_USE', `port ${port} on ${host} is in use`, { cause: error })
          : error,
      );
    });
    server.listen({ host, port, backlog: 1024 }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Ends the process when the parent's pipe or IPC channel closes: no gateway outlives its supervisor. */
function stopWithParent(close: () => Promise<void>): void {
  const end = () => void close().finally(() => process.exit(0));
  if (process.connected) process.once('disconnect', end);
  else {
    process.stdin.once('end', end).once('close', end).once('error', end);
    process.stdin.resume();
  }
}
