import { z } from 'zod';

/** Why a run started; stored on the run. */
export const cause = z.object({
  kind: z.enum(['manual', 'schedule', 'new-data', 'alarm', 'push', 'message', 'api']),
  /** The event that led to it. */
  eventId: z.string().optional(),
  trigger: z.string().optional(),
  /** The sender's key of a message. */
  key: z.string().optional(),
  /** In words, for people. */
  text: z.string(),
});
export type Cause = z.infer<typeof cause>;
