import { seedCommits } from './seed-screens-commits.ts';
import { seedDatasets } from './seed-screens-data.ts';
import { seedEvents } from './seed-screens-events.ts';
import { seedFeatures } from './seed-screens-features.ts';
import { seedMonitoring } from './seed-screens-monitoring.ts';
import { seedModels } from './seed-screens-runs.ts';
import { seedReleases, seedServing } from './seed-screens-serving.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const WEEK_MS = 168 * HOUR_MS;

/** Numbers that repeat, in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** What the seed leaves, by name, for tests to look at. */
export type SeededScreens = { startMs: number; endMs: number; weeks: number };

/**
 * Fills the tables with half a year of one model's life as the domains would leave it: data, runs, versions with
 * verdicts, releases with decisions, predictions, monitors, alarms, triggers. Small but of every state.
 */
export async function seedScreens(ctx: TestContext): Promise<SeededScreens> {
  const random = numbers(7);
  const startMs = Date.UTC(2001, 0, 1);
  const weeks = 26;
  const endMs = startMs + weeks * WEEK_MS;
  ctx.calendar.advance({ nowMs: endMs, untilMs: endMs + HOUR_MS });
  await seedDatasets(ctx, startMs, weeks);
  await seedModels(ctx, startMs, weeks, random);
  await seedReleases(ctx, startMs, random);
  await seedServing(ctx, startMs, weeks, random);
  await seedMonitoring(ctx, startMs, weeks, random);
  await seedFeatures(ctx, endMs);
  await seedCommits(ctx, startMs);
  await seedEvents(ctx);
  return { startMs, endMs, weeks };
}
