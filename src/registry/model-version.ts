import type { Produced } from '../contract/produced.ts';
import type { FeatureSource, ModelFormatName, SignatureColumn } from '../contract/route-table.ts';
import type { ModelVersionOrigin, ModelVersionState } from '../storage/database/tables/registry.ts';

/** A version of a model, under a number of its own, for ever: what a run produced, or what a client registered. */
export type ModelVersion = {
  model: string;
  /** `1`, `2`, ... */
  version: string;
  number: number;
  /** Digest of the model folder. */
  digest: `sha256:${string}`;
  origin: ModelVersionOrigin;
  /** The pipeline run it is the result of; null for what no run of a pipeline handed over. */
  runId: string | null;
  state: ModelVersionState;
  /** Why it is in this state, one sentence; null while it is a candidate. */
  reason: string | null;
  /** Input columns in the order the model wants them. */
  signature: SignatureColumn[];
  features: FeatureSource[];
  metrics: Record<string, number>;
  produced: Produced;
  /** Index of the positive class in the probabilities; null for a regression. */
  positiveClass: number | null;
  /** What runs it in the gateway. */
  format: ModelFormatName;
  createdAtMs: number;
};

export type { ModelVersionOrigin, ModelVersionState };
