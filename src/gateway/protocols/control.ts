import { z } from 'zod';
import { AppError } from '../../base/app-error.ts';
import type { GatewayState } from '../../contract/gateway-state.ts';
import { featureUpdate, routeTable } from '../../contract/route-table.ts';
import { answerError, answerJson, readJson, type Exchange } from '../exchange.ts';
import { countRows } from '../feature-copy.ts';
import type { Gateway } from '../gateway.ts';
import { scoreRows } from './score-rows.ts';

const calendarWindow = z.object({ nowMs: z.number(), untilMs: z.number() });
const rollbackOrder = z.object({
  release: z.string(),
  reason: z.string().default('ordered by a person'),
});
const featurePortion = z.object({
  storeId: z.string(),
  /** Sequence of the last update in this portion. */
  sequence: z.number().int(),
  /** Sequence this portion follows; a gap is refused. Left out: no check. */
  after: z.number().int().optional(),
  updates: z.array(featureUpdate),
});

type Action = { method: string; run: (exchange: Exchange, gateway: Gateway) => unknown };

/** The doors of the server, behind the control token. */
const actions: Record<string, Action> = {
  routes: { method: 'PUT', run: putRoutes },
  features: { method: 'POST', run: postFeatures },
  calendar: { method: 'POST', run: postCalendar },
  rollback: { method: 'POST', run: postRollback },
  flush: { method: 'POST', run: postFlush },
  score: { method: 'POST', run: (exchange, gateway) => scoreRows(gateway, readJson(exchange)) },
  state: { method: 'GET', run: (_exchange, gateway) => stateOf(gateway) },
};

export async function answerControl(
  exchange: Exchange,
  gateway: Gateway,
  action: string,
): Promise<void> {
  try {
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!found)
      throw new AppError(
        'GATEWAY_UNKNOWN_PATH',
        `there is no /control/${action}; known are ${Object.keys(actions).join(', ')}`,
      );
    if (exchange.request.method !== found.method) {
      exchange.response.setHeader('allow', found.method);
      throw new AppError('GATEWAY_WRONG_METHOD', `/control/${action} wants ${found.method}`);
    }
    answerJson(exchange, 200, JSON.stringify(await found.run(exchange, gateway)));
  } catch (error) {
    answerError(exchange, error);
  }
}

/** What the gateway has: the server compares it with its own and sends what is missing. */
function stateOf({
  routes,
  features,
  spool,
  batcher,
  predictor,
  guard,
  draining,
}: Gateway): GatewayState {
  const { table } = routes.current;
  return {
    routeVersion: table.version,
    calendar: table.calendar,
    storeId: features.copy.storeId,
    sequence: features.copy.sequence,
    featureRows: countRows(features.copy),
    spool: {
      segment: spool.segment,
      offset: spool.offset,
      records: spool.records,
      writable: spool.writable,
    },
    queue: {
      rows: batcher.waitingRows,
      silentRows: batcher.waitingSilentRows,
      silentDropped: predictor.silentDropped,
    },
    releases: guard.list(),
    draining,
    pid: process.pid,
  };
}

/** Answers when the new table is live. */
async function putRoutes(exchange: Exchange, gateway: Gateway) {
  await gateway.routes.publish(parse(routeTable, readJson(exchange)));
  const { version, models, endpoints } = gateway.routes.current.table;
  gateway.logger.info(
    { version, models: models.length, endpoints: endpoints.length },
    'routes are live',
  );
  return { routeVersion: version };
}

function postFeatures(exchange: Exchange, { features }: Gateway) {
  const { after, ...portion } = parse(featurePortion, readJson(exchange));
  const { copy } = features;
  if (after !== undefined && portion.storeId === copy.storeId && after > copy.sequence) {
    throw new AppError(
      'GATEWAY_FEATURES_GAP',
      `the portion follows sequence ${after}, the gateway has ${copy.sequence}`,
    );
  }
  const result = features.append(portion);
  return { result, storeId: copy.storeId, sequence: copy.sequence };
}

/** Moves the replayed calendar on, when all that was asked before is in the spool. */
async function postCalendar(exchange: Exchange, { routes, batcher }: Gateway) {
  const window = parse(calendarWindow, readJson(exchange));
  if (routes.current.table.calendar.kind === 'real') {
    throw new AppError(
      'GATEWAY_BAD_CALENDAR',
      'the route table says that the calendar is real; publish one with a replayed calendar',
    );
  }
  await batcher.idle();
  routes.setCalendar({ kind: 'replayed', ...window });
  return window;
}

/** Takes a release back at once: requests that come after the answer meet the champion alone. */
function postRollback(exchange: Exchange, gateway: Gateway) {
  const { release, reason } = parse(rollbackOrder, readJson(exchange));
  const { table, endpoints } = gateway.routes.current;
  if (![...endpoints.values()].some(({ routed }) => routed.release?.id === release)) {
    throw new AppError(
      'GATEWAY_UNKNOWN_RELEASE',
      `there is no release ${release} in the route table`,
    );
  }
  const atMs = table.calendar.kind === 'replayed' ? table.calendar.nowMs : gateway.realNowMs();
  const record = gateway.guard.rollBack(release, atMs, reason);
  gateway.routes.refresh();
  if (record) gateway.logger.warn(record, 'release taken back by order');
  if (record) gateway.spool.append([JSON.stringify(record)]);
  return { release, rolledBack: record !== null };
}

/** Resolves when every request and silent score so far is in the spool. */
async function postFlush(_exchange: Exchange, gateway: Gateway) {
  await gateway.batcher.idle();
  return stateOf(gateway);
}

function parse<T extends z.ZodType>(schema: T, content: unknown): z.output<T> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  throw new AppError('GATEWAY_BAD_INPUT', z.prettifyError(result.error));
}
