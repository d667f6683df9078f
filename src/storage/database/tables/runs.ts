/** One execution of a pipeline. `run_id` is its MLflow run in `runs`. */
export type PipelineRunRow = {
  run_id: string;
  pipeline: string;
  /** queued, running, succeeded, failed, cancelled. */
  state: string;
  /** manual, schedule, new-data, alarm, push, message, api. */
  cause_kind: string;
  /** JSON: kind, eventId?, trigger?, text. */
  cause: string;
  /** JSON object. */
  parameters: string;
  /** Who asks twice with the same key gets the same run. */
  start_key: string | null;
  /** JSON of the pipeline's definition at the start, so that a later edit changes no running run. */
  definition: string;
  /** JSON, null while queued: project tree and dataset versions this run is pinned to. */
  pins: string | null;
  /** Calendar. */
  started_at_ms: number;
  ended_at_ms: number | null;
  /** Real time from start to end. */
  duration_ms: number | null;
  steps_total: number;
  steps_done: number;
  failed_step: string | null;
  reason: string | null;
  code: string | null;
  /** JSON of `run.succeeded`'s `produced`. */
  produced: string | null;
  /** The deployed commit and bundle it is of; null for a run of the working tree. */
  commit_sha: string | null;
  bundle: string | null;
  /** 1: of the working tree although a commit was deployed; its model may not be promoted. */
  working_tree: number | null;
};

/** One step of a run. `step_run_id` is its nested MLflow run in `runs`. */
export type StepRunRow = {
  step_run_id: string;
  run_id: string;
  step: string;
  /** Place in topological order, from 0. */
  position: number;
  /** waiting, running, retrying, succeeded, cached, failed, cancelled, skipped. */
  state: string;
  /** Number of the last attempt, 0 before the first. */
  attempt: number;
  /** Attempts that count as retries (not those lost to a dead agent or server). */
  failures: number;
  losses: number;
  /** Token of the attempt that may commit; null when none may. */
  token: string | null;
  cache_key: string | null;
  /** JSON: the parts of the cache key, [{ part, value }]. */
  cache_parts: string | null;
  /** The step run whose outputs were reused. */
  cached_from: string | null;
  /** JSON: { NAME: { path, kind: 'file'|'tree', digest, sizeBytes } }. */
  outputs: string | null;
  /** JSON left by a built-in. */
  details: string | null;
  /** JSON: { NAME: number }. */
  metrics: string | null;
  reason: string | null;
  code: string | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  duration_ms: number | null;
};

/** One try of a step. */
export type AttemptRow = {
  attempt_id: string;
  step_run_id: string;
  run_id: string;
  step: string;
  /** From 1. */
  number: number;
  /** running, succeeded, failed, lost, cancelled. */
  state: string;
  token: string;
  /** Kind of executor, or `builtin`. */
  executor: string;
  /** What the executor calls it; a process group for `local`. */
  external_ref: string | null;
  /** The process that renews the lease. */
  holder: string;
  /** On the monotonic clock named by `clock_id`. */
  lease_until_ms: number;
  clock_id: string;
  /** Path below the folder of logs. */
  log_path: string;
  /** Calendar. */
  started_at_ms: number;
  ended_at_ms: number | null;
  duration_ms: number | null;
  exit_code: number | null;
  signal: string | null;
  reason: string | null;
  code: string | null;
};

/** What a cache key gave. The blobs are looked at before each reuse. */
export type StepCacheRow = {
  cache_key: string;
  step_run_id: string;
  run_id: string;
  outputs: string;
  details: string | null;
  metrics: string | null;
  created_at_ms: number;
};

/** Who reads and who made: one row per input or output of a step, for lineage and for "what used this". */
export type StepArtifactRow = {
  step_run_id: string;
  run_id: string;
  /** in, out. */
  direction: string;
  /** dataset, view, file, tree. */
  kind: string;
  name: string;
  digest: string;
};

/** Tables of `runs`. */
export type RunsTables = {
  pipeline_runs: PipelineRunRow;
  step_runs: StepRunRow;
  attempts: AttemptRow;
  step_cache: StepCacheRow;
  step_artifacts: StepArtifactRow;
};
