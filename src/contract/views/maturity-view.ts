import { z } from 'zod';

/** How a requirement is met, by events alone. */
export const metState = z.enum(['automatic', 'manual', 'missing', 'insufficient']);

export const maturityRequirement = z.object({
  /** As in the sources: `G16`, `G24`, ... */
  id: z.string(),
  /** The level that needs it: 1 or 2. */
  level: z.number(),
  title: z.string(),
  state: metState,
  /** A sentence with its figures. */
  reason: z.string(),
  n: z.number(),
  /** Events that prove it, newest first; at most 20. */
  evidence: z.array(z.string()),
});
export type MaturityRequirement = z.infer<typeof maturityRequirement>;

export const maturityTest = z.object({
  /** `D1`..`D7`, `M1`..`M7`, `I1`..`I7`, `O1`..`O7`. */
  id: z.string(),
  section: z.enum(['data', 'model', 'infrastructure', 'monitoring']),
  title: z.string(),
  score: z.union([z.literal(0), z.literal(0.5), z.literal(1)]),
  reason: z.string(),
  evidence: z.array(z.string()),
});
export type MaturityTest = z.infer<typeof maturityTest>;

export const deliveryFigure = z.object({
  /** `deployment-frequency`, `lead-time`, ... */
  id: z.string(),
  title: z.string(),
  /** Null: fewer than three cases. */
  value: z.number().nullable(),
  p90: z.number().nullable(),
  unit: z.string(),
  n: z.number(),
  note: z.string(),
  evidence: z.array(z.string()),
});
export type DeliveryFigure = z.infer<typeof deliveryFigure>;

export const maturityView = z.object({
  window: z.object({ fromMs: z.number(), toMs: z.number(), days: z.number() }),
  level: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  sentence: z.string(),
  requirements: z.array(maturityRequirement),
  shares: z.object({ automatic: z.number(), manual: z.number(), missing: z.number() }),
  testScore: z.object({
    /** The least of the four sums (Breck et al. 2017). */
    total: z.number(),
    sections: z.object({
      data: z.number(),
      model: z.number(),
      infrastructure: z.number(),
      monitoring: z.number(),
    }),
    band: z.string(),
    tests: z.array(maturityTest),
  }),
  delivery: z.array(deliveryFigure),
  /** Ids of the three requirements to meet next. */
  next: z.array(z.string()),
});
export type MaturityView = z.infer<typeof maturityView>;
