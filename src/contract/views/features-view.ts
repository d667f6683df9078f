import { z } from 'zod';
import { featureViewSummary } from '../feature-view.ts';
import { columnProfile } from './datasets-view.ts';

/** A share of values with what it rests on; null: nothing was served yet. */
const servedShare = z.object({ share: z.number().nullable(), n: z.number() });

/** What the skew gate saw of a feature for one model version. */
export const skewResult = z.object({
  column: z.string(),
  model: z.string(),
  version: z.string(),
  outcome: z.string(),
  /** `served`: values logged with predictions; `replayed`: evaluated again before it served. */
  source: z.string(),
  rows: z.number(),
  share: z.number(),
  low: z.number(),
  high: z.number(),
  /** Largest share that may differ. */
  max: z.number(),
  atMs: z.number(),
  eventId: z.string(),
});
export type SkewResult = z.infer<typeof skewResult>;

export const featureUse = z.object({ model: z.string(), version: z.string(), state: z.string() });
export type FeatureUse = z.infer<typeof featureUse>;

export const featureItem = featureViewSummary
  .omit({ sql: true, history: true, time: true })
  .extend({
    /** Entities that have a value, and how many of these are older than the TTL now. */
    keys: z.number(),
    stale: z.number(),
    /** Of the newest predictions that asked for it: features not found or too old. */
    missing: servedShare,
    /** The newest judgement of its worst feature. */
    skew: skewResult.nullable(),
    /** Versions that use this definition and serve or may come to serve. */
    usedBy: z.array(featureUse),
  });
export type FeatureItem = z.infer<typeof featureItem>;

export const featuresView = z.object({ items: z.array(featureItem) });
export type FeaturesView = z.infer<typeof featuresView>;

export const featureColumnView = z.object({
  name: z.string(),
  type: z.string(),
  /** The column it becomes in training sets and requests. */
  column: z.string(),
  missing: servedShare,
  /** Values of the newest predictions, and values by key as stored now. */
  served: columnProfile.nullable(),
  stored: columnProfile.nullable(),
});

export const featureView = z.object({
  item: featureItem,
  sentence: z.string(),
  definition: featureViewSummary.pick({ sql: true, history: true, time: true }),
  columns: z.array(featureColumnView),
  /** Judgements of the skew gate, newest first. */
  skew: z.array(skewResult),
  /** Every version trained on this definition, newest first. */
  usedBy: z.array(featureUse),
  /** Other definitions of the same name that are kept. */
  others: z.array(z.object({ digest: z.string(), state: z.string(), rows: z.number() })),
});
export type FeatureView = z.infer<typeof featureView>;
