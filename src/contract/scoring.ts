import { z } from 'zod';

/** `json` is one list, `jsonl` an object a line. */
export const rowsFormat = z.enum(['parquet', 'csv', 'json', 'jsonl']);
export type RowsFormat = z.infer<typeof rowsFormat>;

/** How a file is to be scored, beside the file itself. */
export const scoringOrder = z.object({
  endpoint: z.string(),
  version: z
    .string()
    .optional()
    .describe('Number or alias; the one at 100 % of the endpoint unless given'),
  time: z
    .string()
    .optional()
    .describe("Column with the instant at which each row's features must have been known"),
  format: rowsFormat.default('parquet').describe('Of the file sent'),
  output: rowsFormat.default('parquet').describe('Of the result'),
});
export type ScoringOrder = z.input<typeof scoringOrder>;

export const scoringResult = z.object({
  endpoint: z.string(),
  model: z.string(),
  version: z.string(),
  rows: z.number().int(),
  errors: z.number().int(),
  digest: z.string(),
  inputDigest: z.string(),
});
export type ScoringResult = z.infer<typeof scoringResult>;

/** A file being scored. */
export const scoringJob = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  rowsDone: z.number().int(),
  /** Null until the file was read. */
  rowsTotal: z.number().int().nullable(),
  result: scoringResult.nullable(),
  error: z.object({ code: z.string(), message: z.string(), help: z.string() }).nullable(),
});
export type ScoringJob = z.infer<typeof scoringJob>;
