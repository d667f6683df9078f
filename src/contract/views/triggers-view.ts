import { z } from 'zod';
import { page, pageQuery } from './common.ts';

export const triggerItem = z.object({
  /** `PIPELINE/KIND`. */
  trigger: z.string(),
  pipeline: z.string(),
  kind: z.string(),
  /** The rule for people. */
  sentence: z.string(),
  enabled: z.boolean(),
  lastFiredMs: z.number().nullable(),
  coolUntilMs: z.number().nullable(),
  /** Coming instants of a schedule. */
  next: z.array(z.number()),
  /** Occasions of the last 28 calendar days by what came of them. */
  fired: z.number(),
  skipped: z.number(),
});
export type TriggerItem = z.infer<typeof triggerItem>;

export const firingItem = z.object({
  firingId: z.string(),
  trigger: z.string(),
  kind: z.string(),
  state: z.string(),
  /** Why it fired, or why it did not. */
  reason: z.string(),
  dueMs: z.number(),
  atMs: z.number(),
  /** Instants of a schedule that passed unused before this one. */
  missed: z.number(),
  run: z.object({ runId: z.string(), state: z.string() }).nullable(),
  eventId: z.string().nullable(),
  /** Who or what set it off: `an event`, `the calendar`, `a message`, `a person`. */
  by: z.string(),
});
export type FiringItem = z.infer<typeof firingItem>;

export const triggersQuery = pageQuery.extend({
  trigger: z.string().optional(),
  state: z.string().optional(),
});
export const triggersView = page(firingItem).extend({
  triggers: z.array(triggerItem),
  total: z.number(),
});
export type TriggersView = z.infer<typeof triggersView>;
