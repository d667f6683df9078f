import { z } from 'zod';

export const firingSchema = z.object({
  firingId: z.string(),
  trigger: z.string(),
  pipeline: z.string(),
  kind: z.string(),
  /** Event id, `at:` and the instant, `hand:` or `message:` and a key. */
  occasion: z.string(),
  eventId: z.string().nullable(),
  dueMs: z.number(),
  state: z.enum(['waiting', 'claimed', 'fired', 'skipped']),
  runId: z.string().nullable(),
  reason: z.string(),
  missed: z.number(),
  atMs: z.number(),
});

export const triggerSchema = z.object({
  trigger: z.string(),
  pipeline: z.string(),
  kind: z.string(),
  sentence: z.string(),
  enabled: z.boolean(),
  lastFiredMs: z.number().nullable(),
  coolUntilMs: z.number().nullable(),
  next: z.array(z.number()),
  last: firingSchema.nullable(),
});
