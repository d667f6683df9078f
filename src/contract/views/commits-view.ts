import { z } from 'zod';

/** One station of a commit's road. `eventIds` are its evidence; `links` lead to the pages of what it made. */
export const stationRecord = z.object({
  /** `done`, `running`, `failed`, `waiting`. */
  state: z.enum(['done', 'running', 'failed', 'waiting']),
  atMs: z.number().nullable(),
  durationMs: z.number().nullable(),
  summary: z.string(),
  eventIds: z.array(z.string()),
  links: z.array(z.object({ label: z.string(), to: z.string() })),
});
export type StationRecord = z.infer<typeof stationRecord>;

/** The six stations in order: what was pushed, tested, deployed, trained by it, served from it, seen of it. */
export const commitRecords = z.object({
  source: stationRecord,
  ci: stationRecord,
  deployment: stationRecord,
  training: stationRecord,
  service: stationRecord,
  monitoring: stationRecord,
});
export type CommitRecords = z.infer<typeof commitRecords>;

export const commitCheck = z.object({
  name: z.string(),
  /** `tests` for the project's own, else the kind of the generic check. */
  kind: z.string(),
  state: z.enum(['passed', 'failed', 'skipped', 'running']),
  durationMs: z.number().nullable(),
  summary: z.string(),
  /** Last lines of what it printed, when it failed. */
  log: z.string().nullable(),
});
export type CommitCheck = z.infer<typeof commitCheck>;

export const commitItem = z.object({
  sha: z.string(),
  branch: z.string(),
  subject: z.string(),
  author: z.string(),
  /** When it was committed, and when it was seen here. */
  committedMs: z.number(),
  seenMs: z.number(),
  /** `queued`, `testing`, `failed`, `passed`, `deployed` (in force), `replaced`, `rolled-back`. */
  state: z.string(),
  bundle: z.string().nullable(),
  sentence: z.string(),
});
export type CommitItem = z.infer<typeof commitItem>;

export const commitView = commitItem.extend({
  checks: z.array(commitCheck),
  bundleSizeBytes: z.number().nullable(),
  records: commitRecords,
});
export type CommitView = z.infer<typeof commitView>;
