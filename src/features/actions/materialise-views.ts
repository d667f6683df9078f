import { AppError } from '../../base/app-error.ts';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Analytics } from '../../storage/analytics/analytics.ts';
import { countBatches, setViewError, storedView, type StoredView } from '../feature-store.ts';
import { nextPendingMs, releasePending } from '../value-store.ts';
import { datasetSequences } from '../source-file-store.ts';
import { compactLog, isCompactionDue } from './compact-log.ts';
import { defineViews } from './define-views.ts';
import {
  dropIncoming,
  materialiseView,
  type FeaturesContext,
  type IncomingTables,
} from './materialise-view.ts';

/** What this process remembers between rounds, so that a round with nothing due costs one small query. */
type Memory = {
  definition: ProjectDefinition;
  readAtMs: number;
  views: StoredView[];
  open: Map<string, { batches: number; rows: number }>;
  failed: Map<string, { sequence: number; atMs: number }>;
  pendingMs: number | null;
  running: Promise<unknown>;
};

const memories = new WeakMap<Analytics, Memory>();
/** SQL files are read again after this time; a failed view is tried again after the other, or when files land. */
const REREAD_MS = 1000;
const RETRY_MS = 10_000;
/** Views updated side by side. */
const AT_ONCE = 2;

/**
 * Brings every feature view up to the files of its dataset and publishes values that have become available. Gives
 * whether anything was done. Rounds of one process follow one another.
 */
export async function materialiseViews(ctx: FeaturesContext): Promise<boolean> {
  const before = memories.get(ctx.analytics)?.running ?? Promise.resolve();
  const memory = memories.get(ctx.analytics) ?? empty(ctx);
  memories.set(ctx.analytics, memory);
  const round = before.then(async () => {
    const small = { ...ctx, analytics: await ctx.analytics.small() };
    return materialise(small, memory);
  });
  memory.running = round.catch(() => undefined);
  return round;
}

function empty(ctx: FeaturesContext): Memory {
  return {
    definition: ctx.project.definition(),
    readAtMs: -Infinity,
    views: [],
    open: new Map(),
    failed: new Map(),
    pendingMs: null,
    running: Promise.resolve(),
  };
}

async function materialise(ctx: FeaturesContext, memory: Memory): Promise<boolean> {
  await readDefinitions(ctx, memory);
  let did = await publishPending(ctx, memory);
  const sequences = await datasetSequences(ctx.db);
  const due = memory.views.filter((stored) => isDue(ctx, memory, stored, sequences));
  if (due.length === 0) return did;
  const tables: IncomingTables = new Map();
  const queue = [...due];
  const worker = async (): Promise<void> => {
    for (let stored = queue.shift(); stored; stored = queue.shift()) {
      did =
        (await updateView(ctx, memory, {
          stored,
          to: sequences.get(stored.view.from) ?? 0,
          tables,
        })) || did;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await dropIncoming(ctx, tables);
  if (did) memory.pendingMs = await nextPendingMs(ctx.db);
  return did;
}

/** Gives whether the view was brought up to date; a failure is recorded on it and holds up no other view. */
async function updateView(
  ctx: FeaturesContext,
  memory: Memory,
  work: { stored: StoredView; to: number; tables: IncomingTables },
): Promise<boolean> {
  const { stored, to } = work;
  const { digest } = stored.view;
  try {
    await ctx.analytics.session(async (session) => {
      await materialiseView(ctx, session, work);
      const updated = await refresh(ctx, memory, stored);
      if (!isCompactionDue(await countOpen(ctx, memory, updated))) return;
      await compactLog(ctx, session, updated);
      memory.open.delete(digest);
    });
    memory.failed.delete(digest);
    return true;
  } catch (error) {
    memory.failed.set(digest, { sequence: to, atMs: ctx.clocks.monotonic.nowMs() });
    memory.open.delete(digest);
    await recordFailure(ctx, stored, error);
    await refresh(ctx, memory, stored);
    return false;
  }
}

async function readDefinitions(ctx: FeaturesContext, memory: Memory): Promise<void> {
  const definition = ctx.project.definition();
  const nowMs = ctx.clocks.monotonic.nowMs();
  if (memory.definition === definition && nowMs - memory.readAtMs < REREAD_MS) return;
  const first = memory.readAtMs === -Infinity;
  memory.views = await defineViews(ctx);
  memory.definition = definition;
  memory.readAtMs = nowMs;
  if (first) memory.pendingMs = await nextPendingMs(ctx.db);
}

async function publishPending(ctx: FeaturesContext, memory: Memory): Promise<boolean> {
  const nowMs = ctx.clocks.calendar.nowMs();
  if (memory.pendingMs === null || memory.pendingMs > nowMs) return false;
  await ctx.db.transaction().execute((tx) => releasePending(tx, nowMs));
  memory.pendingMs = await nextPendingMs(ctx.db);
  return true;
}

function isDue(
  ctx: FeaturesContext,
  memory: Memory,
  stored: StoredView,
  sequences: ReadonlyMap<string, number>,
): boolean {
  const sequence = sequences.get(stored.view.from) ?? 0;
  if (sequence <= stored.fileSequence) return false;
  const failed = memory.failed.get(stored.view.digest);
  if (failed?.sequence !== sequence) return true;
  return ctx.clocks.monotonic.nowMs() - failed.atMs >= RETRY_MS;
}

async function refresh(
  ctx: FeaturesContext,
  memory: Memory,
  stored: StoredView,
): Promise<StoredView> {
  const updated = (await storedView(ctx.db, stored.view.digest)) ?? stored;
  memory.views = memory.views.map((row) =>
    row.view.digest === stored.view.digest ? updated : row,
  );
  return updated;
}

/** Counts what waits for compaction: from the database once, then by what each round added. */
async function countOpen(
  ctx: FeaturesContext,
  memory: Memory,
  updated: StoredView,
): Promise<{ batches: number; rows: number }> {
  const known = memory.open.get(updated.view.digest);
  const open = known
    ? { batches: known.batches + 1, rows: known.rows }
    : await countBatches(ctx.db, updated.view.digest);
  memory.open.set(updated.view.digest, open);
  return open;
}

async function recordFailure(
  ctx: FeaturesContext,
  stored: StoredView,
  error: unknown,
): Promise<void> {
  const { view } = stored;
  const code = error instanceof AppError ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  ctx.logger.error({ err: error, view: view.name }, 'feature view was not updated');
  if (stored.error === message) return;
  await ctx.db.transaction().execute(async (tx) => {
    await setViewError(tx, view.digest, message);
    await appendEvent(ctx, tx, {
      type: 'feature.view-failed',
      subject: { kind: 'feature-view', id: view.name },
      data: { view: view.name, digest: view.digest, code, reason: message },
    });
  });
}
