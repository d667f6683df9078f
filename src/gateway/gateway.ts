import type { Logger } from 'pino';
import { AppError } from '../base/app-error.ts';
import type { Batcher } from './batcher.ts';
import type { FeatureLog } from './feature-log.ts';
import type { GatewayLimits } from './gateway-config.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { LiveEndpoint, LiveRoutes } from './live-routes.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { Predictor } from './predictor.ts';
import type { ReleaseGuard } from './release-guard.ts';
import type { Spool } from './spool.ts';

/** The parts of a running gateway, as the protocols see them. */
export type Gateway = {
  routes: LiveRoutes;
  features: FeatureLog;
  guard: ReleaseGuard;
  spool: Spool;
  batcher: Batcher;
  predictor: Predictor;
  metrics: GatewayMetrics;
  limits: GatewayLimits;
  /** True from the moment it was told to stop. */
  draining: boolean;
  logger: Logger;
  /** Real time, ms; used where the calendar of the route table is real. */
  realNowMs: () => number;
};

/** Refuses what would not fit in the queues of the models. Throws AppError with status 413 or 429. */
export function admit(
  { batcher, limits }: Gateway,
  rows: number,
  models: readonly LoadedModel[],
): void {
  if (rows > limits.maxRowsPerRequest) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `${rows} rows in one request; at most ${limits.maxRowsPerRequest} are taken`,
    );
  }
  for (const model of models) {
    const { rows: waiting } = batcher.waitingFor(model);
    if (waiting === 0 || waiting + rows <= limits.maxQueueRows) continue;
    throw new AppError(
      'GATEWAY_OVERLOADED',
      `${waiting} rows are waiting; the queue takes ${limits.maxQueueRows}`,
    );
  }
}

/** The models that may get the rows of a request to an endpoint. */
export function modelsOf({ champion, release }: LiveEndpoint): LoadedModel[] {
  const models = champion ? [champion] : [];
  if (release) models.push(release.challenger);
  return models;
}

/**
 * The calendar instant of a request, ms: now, or on a replayed calendar what the header `rondo-calendar-time` says,
 * within the window the replay has reached.
 */
export function instantOf(
  { routes, realNowMs }: Gateway,
  header: string | string[] | undefined,
): number {
  const { calendar } = routes.current.table;
  if (calendar.kind === 'real') {
    if (header === undefined) return realNowMs();
    throw new AppError(
      'GATEWAY_BAD_CALENDAR',
      'rondo-calendar-time is refused: the calendar of this gateway is real',
    );
  }
  if (header === undefined) return calendar.nowMs;
  const atMs = Number(header);
  if (!(atMs >= calendar.nowMs && atMs < calendar.untilMs)) {
    throw new AppError(
      'GATEWAY_BAD_CALENDAR',
      `rondo-calendar-time is ${String(header)}; the replay has reached [${calendar.nowMs}, ${calendar.untilMs})`,
    );
  }
  return atMs;
}

/** Endpoints that can answer: a version is at 100 %. */
export function canAnswer({ champion, release }: LiveEndpoint): boolean {
  return champion !== null || (release !== null && release.routed.share >= 1);
}
