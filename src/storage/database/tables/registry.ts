import type { Generated } from 'kysely';

/** A model by name; its versions are numbered from 1 without gaps. */
export type ModelRow = {
  name: string;
  created_at_ms: number;
  last_number: number;
  description: string | null;
  /** Of its description, its versions and its name. */
  updated_at_ms: number;
};

/** The last number a deleted model had given: its numbers are not used again. */
export type ModelNumberRow = { name: string; last_number: number };

/**
 * `registered`: kept and loadable, no candidate: a client made it outside a pipeline run, or its run goes on.
 * `candidate`: registered, gates not finished. `refused`: a gate said no. `waiting`: gates passed, its release waits for
 * another. `releasing`: shadow or canary. `champion`: serves at 100 %. `retired`: was champion, or replaced before it
 * served. `rolled-back`: a release of it ended without promotion.
 */
export type ModelVersionState =
  | 'registered'
  | 'candidate'
  | 'refused'
  | 'waiting'
  | 'releasing'
  | 'champion'
  | 'retired'
  | 'rolled-back';

/** `pipeline`: a pipeline run made it. `ad-hoc`: a client's own run did, in a notebook say. `orphan`: no run is named. */
export type ModelVersionOrigin = 'pipeline' | 'ad-hoc' | 'orphan';

export type ModelVersionRow = {
  model: string;
  number: number;
  /** The number as text: what people and protocols name. */
  version: string;
  /** Digest of the model folder as a stored tree. */
  digest: string;
  origin: ModelVersionOrigin;
  /** The pipeline run it is the result of; one version of a model a run. */
  run_id: string | null;
  /** The tracked run that made it: the pipeline run, a step of one, or a client's own. */
  source_run_id: string | null;
  /** Where its files came from, as the client named it. */
  source: string;
  /** Id of the logged model it was made of. */
  model_id: string | null;
  run_link: string | null;
  description: string | null;
  /** `None`, `Staging`, `Production` or `Archived`: MLflow's label of before aliases. */
  stage: string;
  state: ModelVersionState;
  /** One sentence: why it is in this state; null while it is a candidate. */
  reason: string | null;
  /** JSON: `SignatureColumn[]`. */
  signature: string;
  /** JSON: `FeatureSource[]`. */
  features: string;
  /** JSON: name to number, as the training run left them. */
  metrics: string;
  /** JSON: `Produced`, what the run left (outputs, datasets, details). */
  produced: string;
  positive_class: number | null;
  /** What runs it in the gateway. */
  format: 'onnx' | 'python-function';
  created_at_ms: number;
  /** Of its state. */
  changed_at_ms: number;
  /** Of its description or stage. */
  updated_at_ms: number;
};

export type ModelAliasRow = { model: string; alias: string; version: string; moved_at_ms: number };
export type ModelTagRow = { model: string; key: string; value: string };
export type ModelVersionTagRow = { model: string; number: number; key: string; value: string };

/** A client's subscription to changes of the registry. */
export type ModelWebhookRow = {
  webhook_id: string;
  name: string;
  url: string;
  description: string | null;
  /** The signing key, sealed with the key of the data directory. */
  secret: string | null;
  /** `ACTIVE` or `DISABLED`. */
  status: string;
  /** JSON: `entity.action` texts. */
  events: string;
  created_at_ms: number;
  updated_at_ms: number;
};

/** Tables of `registry`. */
export type RegistryTables = {
  models: ModelRow;
  model_numbers: ModelNumberRow;
  model_versions: Omit<ModelVersionRow, 'format'> & {
    format: Generated<ModelVersionRow['format']>;
  };
  model_aliases: ModelAliasRow;
  model_tags: ModelTagRow;
  model_version_tags: ModelVersionTagRow;
  model_webhooks: ModelWebhookRow;
};
