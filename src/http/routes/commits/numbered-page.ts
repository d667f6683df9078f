import { z } from 'zod';

/** Query of a list that is paged by a number. */
export const numberedPageQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'expected the "next" of the page before')
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
