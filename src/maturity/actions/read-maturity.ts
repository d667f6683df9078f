import type { MaturityView } from '../../contract/views/maturity-view.ts';
import type { Context } from '../../context.ts';
import type { Event } from '../../events/event.ts';
import { textOf } from '../event-data.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { judgeMaturity } from '../judge-maturity.ts';
import {
  enabledTriggers,
  eventsOfRuns,
  eventsSince,
  newestEvents,
  readCounts,
} from '../maturity-store.ts';

const DAY_MS = 864e5;

const RUN_TYPES = [
  'run.started',
  'run.pinned',
  'step.committed',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
] as const;

/** Read over the window and a little before it: what ended in the window may have begun earlier. */
const WINDOW_TYPES = [
  ...RUN_TYPES,
  'dataset.version-created',
  'dataset.schema-accepted',
  'dataset.value-skew',
  'dataset.file-quarantined',
  'validation.recorded',
  'gate.evaluated',
  'candidate.refused',
  'release.started',
  'release.advanced',
  'release.rolled-back',
  'release.expired',
  'release.withdrawn',
  'gateway.rolled-back',
  'alarm.opened',
  'alarm.closed',
  'monitor.evaluated',
  'trigger.fired',
  'feature.view-rebuilt',
  'pipeline.rolled-back',
] as const;

/** Few, and needed however old: what serves now may have been deployed long ago. */
const LASTING_TYPES = [
  'release.promoted',
  'model.version-registered',
  'model.version-adopted',
  'feature.view-defined',
  'commit.seen',
  'ci.finished',
  'bundle.built',
  'pipeline.deployed',
] as const;
const MOST_LASTING = 500;
const LEAD_MS = 30 * DAY_MS;

/**
 * Maturity as the events of the last `days` calendar days prove it. Reads a few thousand events at most, by type;
 * predictions and looks at releases are never read one by one.
 */
export async function readMaturity(
  ctx: Pick<Context, 'db' | 'clocks'>,
  query: { days: number },
): Promise<MaturityView> {
  const toMs = ctx.clocks.calendar.nowMs();
  const window = { fromMs: toMs - query.days * DAY_MS, toMs, days: query.days };
  const recent = await eventsSince(ctx.db, {
    types: WINDOW_TYPES,
    fromMs: window.fromMs - LEAD_MS,
  });
  const lasting: Event[] = [];
  for (const type of LASTING_TYPES)
    lasting.push(...(await newestEvents(ctx.db, { type, limit: MOST_LASTING })));
  const older = await eventsOfRuns(ctx.db, {
    runIds: runsOfChampions([...recent, ...lasting]),
    types: RUN_TYPES,
  });
  const evidence = gatherEvidence([...recent, ...lasting, ...older], {
    window,
    triggers: await enabledTriggers(ctx.db),
    counts: await readCounts(ctx.db, window),
  });
  return judgeMaturity(evidence);
}

/** Runs of the versions that serve and whose events are not among those found. */
function runsOfChampions(found: readonly Event[]): string[] {
  const known = new Set(
    found.filter((event) => event.type === 'run.succeeded').map((event) => event.subject.id),
  );
  const last = new Map<string, Event>();
  for (const event of found) {
    if (event.type !== 'release.promoted') continue;
    const endpoint = textOf(event, 'endpoint') ?? '';
    if ((last.get(endpoint)?.position ?? -1) < event.position) last.set(endpoint, event);
  }
  const serving = new Set(
    [...last.values()].map((event) => `${textOf(event, 'model')} ${textOf(event, 'version')}`),
  );
  return found.flatMap((event) => {
    if (!event.type.startsWith('model.version-')) return [];
    const runId = textOf(event, 'runId');
    const key = `${textOf(event, 'model') ?? event.subject.id} ${textOf(event, 'version')}`;
    return runId !== null && serving.has(key) && !known.has(runId) ? [runId] : [];
  });
}
