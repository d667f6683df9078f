import type { Generated, Selectable } from 'kysely';

/** An experiment as MLflow knows it: an integer as text; "0" is `Default` and always there. */
export type ExperimentRow = {
  experiment_id: string;
  name: string;
  artifact_location: string;
  /** `active` or `deleted`. */
  lifecycle_stage: string;
  creation_time_ms: number;
  last_update_time_ms: number;
};

export type ExperimentTagRow = { experiment_id: string; key: string; value: string };

/** One MLflow run: a pipeline run (parent), a step of it (nested), or ad hoc. */
export type RunTable = {
  run_id: string;
  experiment_id: string;
  name: string;
  user_id: string;
  /** MLflow's: RUNNING, SCHEDULED, FINISHED, FAILED, KILLED. */
  status: string;
  lifecycle_stage: string;
  parent_run_id: string | null;
  artifact_uri: string;
  /** Calendar time; of a client's run what the client says. */
  start_time_ms: number;
  end_time_ms: number | null;
  /** `pipeline`: a pipeline run or a step of one. `client`: made by an MLflow client; without a parent it is ad hoc. */
  origin: Generated<string>;
};

export type RunRow = Selectable<RunTable>;

export type RunParamRow = { run_id: string; key: string; value: string };
export type RunTagRow = { run_id: string; key: string; value: string };

/** One logged value. NaN is `value` 0 with `is_nan` 1; infinities are the largest doubles, as MLflow stores them. */
export type MetricRow = {
  run_id: string;
  key: string;
  value: number;
  is_nan: number;
  step: number;
  timestamp_ms: number;
};

/** The value with the greatest (step, timestamp, value) of each metric of a run. */
export type LatestMetricRow = MetricRow;

/** A file of a run or of a logged model (whose id then stands in `run_id`): a path and the blob that holds it. */
export type ArtifactRow = { run_id: string; path: string; digest: string; size_bytes: number };

/** A dataset a client logged as an input of runs, once per experiment. Not a dataset of the project. */
export type TrackedDatasetRow = {
  dataset_id: string;
  experiment_id: string;
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
};

export type RunInputRow = { run_id: string; dataset_id: string; position: number };
export type RunInputTagRow = { run_id: string; dataset_id: string; key: string; value: string };

/** A logged model a run read (`in`) or made (`out`). */
export type RunModelRow = { run_id: string; direction: string; model_id: string; step: number };

/** A model of MLflow 3: files, parameters and metrics of their own, made by a run. No version of the registry yet. */
export type LoggedModelRow = {
  model_id: string;
  experiment_id: string;
  name: string;
  artifact_location: string;
  /** MLflow's: LOGGED_MODEL_PENDING, LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED. */
  status: string;
  status_message: string | null;
  model_type: string | null;
  source_run_id: string | null;
  lifecycle_stage: string;
  created_at_ms: number;
  updated_at_ms: number;
};

export type LoggedModelParamRow = { model_id: string; key: string; value: string };
export type LoggedModelTagRow = { model_id: string; key: string; value: string };

/** A metric of a logged model, on a dataset where it says so; NaN is 0, as in MLflow. */
export type LoggedModelMetricRow = {
  model_id: string;
  key: string;
  timestamp_ms: number;
  step: number;
  run_id: string;
  value: number;
  dataset_name: string | null;
  dataset_digest: string | null;
};

/** Tables of `tracking`. */
export type TrackingTables = {
  experiments: ExperimentRow;
  experiment_tags: ExperimentTagRow;
  runs: RunTable;
  run_params: RunParamRow;
  run_tags: RunTagRow;
  metrics: MetricRow;
  latest_metrics: LatestMetricRow;
  artifacts: ArtifactRow;
  tracked_datasets: TrackedDatasetRow;
  run_inputs: RunInputRow;
  run_input_tags: RunInputTagRow;
  run_models: RunModelRow;
  logged_models: LoggedModelRow;
  logged_model_params: LoggedModelParamRow;
  logged_model_tags: LoggedModelTagRow;
  logged_model_metrics: LoggedModelMetricRow;
};
