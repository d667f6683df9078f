import { AppError } from '../base/app-error.ts';
import type { Json } from '../base/json.ts';
import { produced } from '../contract/produced.ts';
import type { Context } from '../context.ts';
import { appendEvent } from '../events/append-event.ts';
import type { Event } from '../events/event.ts';
import { eventsAfter, moveCursor, readCursor } from '../events/event-store.ts';
import { adoptVersions } from '../registry/actions/adopt-versions.ts';
import { registerVersion } from '../registry/actions/register-version.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { versionsInState } from '../registry/registry-store.ts';
import { isPythonSettled } from '../serving/actions/find-python.ts';
import { publishRoutes } from '../serving/actions/publish-routes.ts';
import type { GatewayClient } from '../serving/gateway-client.ts';
import type { Work } from '../work.ts';
import { advanceRelease } from './actions/advance-release.ts';
import { considerCandidate } from './actions/consider-candidate.ts';
import { refuseCandidate } from './actions/refuse-candidate.ts';
import { rollBackRelease } from './actions/roll-back-release.ts';
import { startWaitingRelease } from './actions/start-release.ts';
import { findRelease, releasesInState } from './delivery-store.ts';
import type { Release } from './release.ts';

const CANDIDATES = 'delivery.candidates';
const ROLLBACKS = 'delivery.gateway-rollbacks';
const EVENTS_PER_ROUND = 100;
/** Real time between two looks at a release; with a replayed calendar every round looks. */
const LOOK_EVERY_MS = 5000;
const MOST_ATTEMPTS = 3;

/** The parts of the control loop that take models from a finished run to 100 %, or refuse them. */
export function deliveryWorks(gateway: GatewayClient): readonly Work[] {
  return [releasesWork(gateway), candidatesWork(gateway)];
}

/** Registers what runs produced, puts candidates before their gates, starts releases that waited. */
function candidatesWork(gateway: GatewayClient): Work {
  const attempts = new Map<string, number>();
  return {
    name: 'candidates',
    async run(ctx) {
      let busy = await registerProduced(ctx);
      for (const candidate of await versionsInState(ctx.db, 'candidate')) {
        if (await isPreparing(ctx, candidate)) continue;
        await consider(ctx, candidate, attempts);
        busy = true;
      }
      const endpoints = new Set(
        (await releasesInState(ctx.db, 'waiting')).map((release) => release.endpoint),
      );
      for (const endpoint of endpoints) {
        if (await startWaitingRelease(ctx, endpoint)) busy = true;
      }
      if (busy) await publish(ctx, gateway);
      return busy;
    },
  };
}

/** Moves running releases on, and follows rollbacks that the gateway decided by itself. */
function releasesWork(gateway: GatewayClient): Work {
  const looked = new Map<string, number>();
  return {
    name: 'releases',
    async run(ctx) {
      let changed = await followGateway(ctx, gateway);
      let busy = changed;
      for (const release of await releasesInState(ctx.db, 'running')) {
        const nowMs = ctx.clocks.monotonic.nowMs();
        const isReal = ctx.clocks.calendar.kind === 'real';
        if (isReal && nowMs - (looked.get(release.releaseId) ?? -Infinity) < LOOK_EVERY_MS)
          continue;
        looked.set(release.releaseId, nowMs);
        const after = await advanceRelease(ctx, gateway, release.releaseId);
        if (!after) continue;
        busy = true;
        if (after.state !== 'running') looked.delete(release.releaseId);
        changed ||= after.state !== 'running' || after.stage !== release.stage;
      }
      if (changed) await publish(ctx, gateway);
      return busy;
    },
  };
}

async function registerProduced(ctx: Context): Promise<boolean> {
  const position = await readCursor(ctx.db, CANDIDATES);
  const events = await eventsAfter(ctx.db, {
    position,
    types: ['run.succeeded'],
    limit: EVENTS_PER_ROUND,
  });
  for (const event of events) {
    await registerEvent(ctx, event);
    await ctx.db.transaction().execute((tx) => moveCursor(tx, CANDIDATES, event.position));
  }
  return events.length > 0;
}

/**
 * What the run handed over, and what its steps registered through MLflow, become candidates. Versions are found again by
 * their run, so an event that is handled twice registers once.
 */
async function registerEvent(ctx: Context, event: Event): Promise<void> {
  const data = event.data as { produced?: Json; workingTree?: Json };
  const runId = event.subject.id;
  const handed = data.produced === null || data.produced === undefined ? null : data.produced;
  const parsed = produced.safeParse(handed);
  const adopted = await adoptVersions(ctx, { runId, produced: parsed.data ?? null });
  for (const { version, reason } of adopted.unfit)
    await refuseCandidate(ctx, version, { reasons: [reason], gates: [] });
  const registered = handed === null ? undefined : await registerHanded(ctx, runId, handed, parsed);
  if (data.workingTree !== true) return;
  const reason =
    'Refused: an ad hoc run of the working tree made it; only a deployed commit makes models that are promoted.';
  const candidates = new Map(
    [...adopted.candidates, ...(registered ? [registered] : [])].map((version) => [
      `${version.model}/${version.version}`,
      version,
    ]),
  );
  for (const version of candidates.values()) {
    if (version.state === 'candidate')
      await refuseCandidate(ctx, version, { reasons: [reason], gates: [] });
  }
}

async function registerHanded(
  ctx: Context,
  runId: string,
  handed: Json,
  parsed: ReturnType<typeof produced.safeParse>,
): Promise<ModelVersion | undefined> {
  try {
    if (!parsed.success)
      throw new AppError(
        'MODEL_INVALID',
        `The run says what it produced in a form not known: ${parsed.error.message}`,
      );
    return await registerVersion(ctx, { runId, produced: parsed.data });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const model = (handed as { model?: Json }).model ?? null;
    await ctx.db.transaction().execute((tx) =>
      appendEvent(ctx, tx, {
        type: 'candidate.refused',
        subject: { kind: 'model', id: typeof model === 'string' ? model : '' },
        data: {
          model,
          version: null,
          runId,
          reasons: [`Refused: ${error.message}`],
          gates: [],
        },
      }),
    );
    return undefined;
  }
}

/** Its Python environment is being made: the loop goes on meanwhile. A replayed calendar waits for it instead. */
async function isPreparing(ctx: Context, candidate: ModelVersion): Promise<boolean> {
  if (candidate.format !== 'python-function' || ctx.clocks.calendar.kind !== 'real') return false;
  return !(await isPythonSettled(ctx, candidate));
}

/** A candidate that cannot be judged (no gateway process, a full disk) is tried again, then refused with the fault. */
async function consider(
  ctx: Context,
  candidate: ModelVersion,
  attempts: Map<string, number>,
): Promise<void> {
  const key = `${candidate.model}/${candidate.version}`;
  try {
    await considerCandidate(ctx, candidate);
    attempts.delete(key);
  } catch (error) {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    ctx.logger.error(
      { err: error, model: candidate.model, version: candidate.version, attempt },
      'a candidate could not be judged',
    );
    if (attempt < MOST_ATTEMPTS) return;
    attempts.delete(key);
    const reason = `Refused: it could not be judged in ${attempt} attempts: ${error instanceof Error ? error.message : String(error)}`;
    await refuseCandidate(ctx, candidate, { reasons: [reason], gates: [] });
  }
}

async function followGateway(ctx: Context, gateway: GatewayClient): Promise<boolean> {
  const position = await readCursor(ctx.db, ROLLBACKS);
  const events = await eventsAfter(ctx.db, {
    position,
    types: ['gateway.rolled-back'],
    limit: EVENTS_PER_ROUND,
  });
  let changed = false;
  for (const event of events) {
    const release = await findRelease(ctx.db, event.subject.id);
    if (release?.state === 'running') {
      await rollBackRelease(ctx, gateway, {
        target: { releaseId: release.releaseId },
        by: 'gateway',
        reason: (event.data as { reason: string }).reason,
        actor: 'gateway',
      });
      changed = true;
    }
    await ctx.db.transaction().execute((tx) => moveCursor(tx, ROLLBACKS, event.position));
  }
  return changed;
}

/** Sends the new routes at once. A challenger the gateway cannot load is taken back; an absent gateway gets them later. */
async function publish(ctx: Context, gateway: GatewayClient): Promise<void> {
  try {
    await publishRoutes(ctx, gateway);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'GATEWAY_UNREACHABLE') return;
    if (error.code !== 'GATEWAY_MODEL_UNLOADABLE') throw error;
    for (const release of await unloadable(ctx, error.message)) {
      await rollBackRelease(ctx, gateway, {
        target: { releaseId: release.releaseId },
        by: 'gateway',
        reason: error.message,
        actor: 'gateway',
      });
    }
    await publishRoutes(ctx, gateway);
  }
}

/** Running releases that have sent nothing yet: one of them brought the model that does not load. */
async function unloadable(ctx: Context, message: string): Promise<Release[]> {
  const running = await releasesInState(ctx.db, 'running');
  const named = running.filter((release) => message.includes(release.version));
  return named.length > 0 ? named : running.filter((release) => release.decisions === 0);
}
