/** One monitor of an endpoint and the state of its detector. Name: `endpoint/kind`. */
export type MonitorRow = {
  monitor: string;
  endpoint: string;
  kind: string;
  /** Settings as checked, canonical JSON; another text restarts the monitor. */
  config: string;
  /** Version of the model the detector watches; null before the first window. */
  version: string | null;
  /** End of the last evaluated window, ms; nothing before it is ever evaluated again. */
  cursor_ms: number;
  /** State of the detector after that window, JSON; null = none yet. */
  detector: string | null;
  /** Digest of the blob with the reference the detector compares with; null = none yet. */
  reference: string | null;
  /** `waiting` (no champion or reference), `quiet`, `not-enough-evidence`, `alarm`. */
  state: string;
  /** What it says now, a sentence. */
  sentence: string;
  updated_ms: number;
  /** 0 once the project file no longer names it. */
  active: number;
};

/** One evaluated window of a monitor. Never changed. */
export type MonitorWindowRow = {
  monitor: string;
  from_ms: number;
  to_ms: number;
  endpoint: string;
  model: string;
  /** Version whose predictions were looked at; null when no version served. */
  version: string | null;
  rows: number;
  /** Rows with a label; null where labels play no part. */
  labelled: number | null;
  /** `reference`, `quiet`, `not-enough-evidence`, `alarm`. */
  verdict: string;
  /** What was measured in this window (realised loss, mean score, error rate, ...), with its band. */
  value: number | null;
  value_low: number | null;
  value_high: number | null;
  /** The reference's value, and the limit the value is held against. */
  reference: number | null;
  limit_value: number | null;
  /** Size of the change with its interval, in the unit of `effect_unit`. */
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  effect_unit: string;
  /** The detector's evidence after this window and what it takes for an alarm. */
  evidence: number | null;
  threshold: number | null;
  sentence: string;
  /** JSON: columns with p, effect and evidence, anomalies, quantiles, ... */
  details: string;
  evaluated_ms: number;
};

/** A monitor's finding, open until its evidence is gone or the model was replaced. */
export type AlarmRow = {
  alarm_id: string;
  monitor: string;
  endpoint: string;
  kind: string;
  model: string;
  version: string;
  /** `open` or `closed`. */
  state: string;
  opened_ms: number;
  closed_ms: number | null;
  closed_reason: string | null;
  first_bad_from_ms: number;
  first_bad_to_ms: number;
  effect: number | null;
  effect_low: number | null;
  effect_high: number | null;
  effect_unit: string;
  evidence: number | null;
  threshold: number | null;
  sentence: string;
  /** What would close it, a sentence. */
  closes_when: string;
  /** JSON: up to 20 prediction ids. */
  examples: string;
  /** JSON, as `monitor_windows.details`. */
  details: string;
  opened_event: string;
};

/** A business figure: its unit, and the endpoint it is drawn with. */
export type KpiRow = { kpi: string; unit: string; endpoint: string | null; created_ms: number };
export type KpiPointRow = { kpi: string; at_ms: number; value: number };

/** A message to a channel, kept until delivered or given up. One per channel and event. */
export type NotificationRow = {
  notification_id: string;
  /** `webhook:` and the digest of its URL. */
  channel: string;
  event_id: string;
  topic: string;
  url: string;
  /** Name of the variable that holds the signing key; never the key. */
  secret_env: string | null;
  /** The webhook of an MLflow client it is for; null for channels of `rondo.yaml`. */
  webhook_id: string | null;
  body: string;
  /** `pending`, `delivered`, `given-up`. */
  state: string;
  attempts: number;
  created_ms: number;
  finished_ms: number | null;
};

/** One attempt to deliver. Times are of the real clock. */
export type NotificationDeliveryRow = {
  notification_id: string;
  attempt: number;
  at_ms: number;
  duration_ms: number;
  /** HTTP status; null when there was no answer. */
  status: number | null;
  error: string | null;
};

/** Tables of `monitoring` and `notifications`. */
export type MonitoringTables = {
  monitors: MonitorRow;
  monitor_windows: MonitorWindowRow;
  alarms: AlarmRow;
  kpis: KpiRow;
  kpi_points: KpiPointRow;
  notifications: NotificationRow;
  notification_deliveries: NotificationDeliveryRow;
};
