import type { Context } from '../context.ts';
import { AppError } from '../base/app-error.ts';
import type { Work } from '../work.ts';
import { mergeFiles } from './actions/merge-files.ts';
import { scanSource } from './actions/scan-source.ts';

const POLL_MS = 10_000;
/** How often it is looked whether small files have gathered, and how many times they are merged at one look. */
const MERGE_EVERY_MS = 500;
const MERGES_AT_ONCE = 4;
const mergedAt = new WeakMap<object, number>();
const scanned = new WeakMap<object, Map<string, number>>();

/**
 * Scans the sources that are due: each once after the start, then every 10 seconds while the calendar is real. On a
 * replayed calendar producers register their files themselves, and nothing is looked at each hour.
 */
export const datasetsWork: Work = {
  name: 'sources',
  async run(ctx) {
    const nowMs = ctx.clocks.monotonic.nowMs();
    const last = scanned.get(ctx.db) ?? new Map<string, number>();
    scanned.set(ctx.db, last);
    let busy = false;
    for (const dataset of Object.keys(ctx.project.definition().datasets)) {
      const before = last.get(dataset);
      if (
        before !== undefined &&
        (ctx.clocks.calendar.kind === 'replayed' || nowMs - before < POLL_MS)
      )
        continue;
      last.set(dataset, nowMs);
      if (await scan(ctx, dataset)) busy = true;
    }
    await mergeSmallFiles(ctx, nowMs);
    return busy;
  },
};

async function mergeSmallFiles(ctx: Context, nowMs: number): Promise<void> {
  if (nowMs - (mergedAt.get(ctx.db) ?? -Infinity) < MERGE_EVERY_MS) return;
  mergedAt.set(ctx.db, nowMs);
  for (const dataset of Object.keys(ctx.project.definition().datasets)) {
    for (let merges = 0; merges < MERGES_AT_ONCE; merges += 1) {
      if (!(await mergeFiles(ctx, dataset))) break;
    }
  }
}

async function scan(ctx: Context, dataset: string): Promise<boolean> {
  try {
    const result = await scanSource(ctx, { dataset });
    return result.registered.length > 0 || result.removed.length > 0;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    ctx.logger.warn({ dataset, code: error.code }, error.message);
    return false;
  }
}
