/** A rule that starts runs of a pipeline. Name: `pipeline/kind`, with `-2`, `-3` for more of one kind. */
export type TriggerRow = {
  trigger: string;
  pipeline: string;
  kind: string;
  /** Settings as checked, canonical JSON; another text starts the rule afresh. */
  config: string;
  /** The rule as a sentence. */
  sentence: string;
  /** 0 = switched off by a person. */
  enabled: number;
  /** 0 once the project file no longer names it. */
  active: number;
  /** Events up to this position have been considered. */
  position: number;
  /** Schedules: instants up to this one have been considered, ms. */
  considered_ms: number;
  /** When it last started a run (calendar), for the cool-down; null = never. */
  last_fired_ms: number | null;
  created_ms: number;
};

/**
 * What a trigger made of one event or instant: a run, or the reason why not. Written before the run is started, so that
 * after a crash the same run is started again under the same key and never a second one.
 */
export type TriggerFiringRow = {
  firing_id: string;
  trigger: string;
  pipeline: string;
  kind: string;
  /** Event id, `at:` and the instant in ms, or `message:` and its key; unique within the trigger. */
  occasion: string;
  event_id: string | null;
  /** When it was due (calendar), ms. */
  due_ms: number;
  /** `claimed` (the run is about to be started), `fired`, `skipped`. */
  state: string;
  run_id: string | null;
  /** Why it fired or was skipped, a sentence. */
  reason: string;
  /** Instants of the schedule that passed unused before this one. */
  missed: number;
  /** JSON of the cause given to the run. */
  cause: string;
  /** JSON of the message's key, digest and parameters; null for what was no message. */
  message: string | null;
  created_ms: number;
};

/** Tables of `triggers`. */
export type TriggersTables = {
  triggers: TriggerRow;
  trigger_firings: TriggerFiringRow;
};
