import { z } from 'zod';
import { page, pageQuery } from './common.ts';

export const auditItem = z.object({
  eventId: z.string(),
  position: z.number(),
  type: z.string(),
  subject: z.object({ kind: z.string(), id: z.string() }),
  /** Calendar time; `recordedAtMs` is real. */
  atMs: z.number(),
  recordedAtMs: z.number(),
  actor: z.string(),
  /** What its data say in a few words. */
  text: z.string(),
  /** Address of its subject inside the screens; null for what has no page. */
  to: z.string().nullable(),
});
export type AuditItem = z.infer<typeof auditItem>;

/** What narrows a list of events; `subject` is a kind, or `KIND:ID`. */
export const auditFilter = z.object({
  type: z.string().optional().describe('One type, or several with commas'),
  subject: z.string().optional().describe('A kind as "run", or one thing as "run:ID"'),
  actor: z.string().optional(),
  from: z.coerce.number().optional().describe('Calendar time, ms'),
  to: z.coerce.number().optional().describe('Calendar time, ms, included'),
});
export const auditQuery = pageQuery.extend(auditFilter.shape);
export type AuditFilter = z.infer<typeof auditFilter>;

/** How far the chain of hashes has come; whether it is whole, `GET /api/audit/verify` recomputes. */
export const chainState = z.object({
  sealed: z.number(),
  unsealed: z.number(),
  head: z.string().nullable(),
  headPosition: z.number().nullable(),
  /** Real time at which the newest sealed event was recorded. */
  headRecordedMs: z.number().nullable(),
});

export const auditView = page(auditItem).extend({
  /** Events that fit the filter; null on further pages. */
  total: z.number().nullable(),
  types: z.array(z.string()),
  actors: z.array(z.string()),
  kinds: z.array(z.string()),
  chain: chainState,
});
export type AuditView = z.infer<typeof auditView>;

export const eventView = z.object({
  event: auditItem,
  data: z.record(z.string(), z.unknown()),
  /** Hash that seals it; null while it waits for the sealer. */
  seal: z.string().nullable(),
  /** Its neighbours about the same subject. */
  before: z.array(auditItem),
  after: z.array(auditItem),
});
export type EventView = z.infer<typeof eventView>;
