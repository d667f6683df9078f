/** A dataset as last seen; the counters cover its present files. */
export type DatasetRow = {
  name: string;
  /** Grows by one with every file added, replaced or removed: the cursor of whoever follows the files. */
  sequence: number;
  file_count: number;
  quarantined_count: number;
  /** Rows of accepted files. */
  row_count: number;
  size_bytes: number;
  /** Calendar time of the last change of a file. */
  changed_at_ms: number;
  /** Calendar time of the last scan of the source; null before the first. */
  scanned_at_ms: number | null;
  /** Why the last scan failed; null when it did not. */
  scan_error: string | null;
};

/**
 * One state of a file. A file belongs to a dataset from `added_sequence` until `removed_sequence` (null: still there),
 * so every version's list of files can be read back by its sequence without being stored again.
 */
export type DatasetFileRow = {
  dataset: string;
  /** Relative to the project, with `/`. */
  path: string;
  added_sequence: number;
  removed_sequence: number | null;
  digest: string;
  rows: number;
  size_bytes: number;
  /** Stat of the file when it was read: unchanged files are not read again. */
  mtime_ns: string;
  inode: string;
  min_event_ms: number | null;
  max_event_ms: number | null;
  min_available_ms: number | null;
  max_available_ms: number | null;
  status: 'accepted' | 'quarantined';
  /** Why it is quarantined, in a sentence. */
  reason: string | null;
  /** JSON: `Anomaly[]` of the schema. */
  anomalies: string | null;
  /** JSON: `{name, type}[]`. */
  columns: string;
  registered_at_ms: number;
};

/** An immutable version: the files with added_sequence <= sequence < removed_sequence. */
export type DatasetVersionRow = {
  dataset: string;
  number: number;
  /** SHA-256 of the sorted (path, digest) pairs. */
  digest: string;
  sequence: number;
  /** `invalid` when it holds a quarantined file: a run on it stops. */
  state: 'valid' | 'invalid';
  rows: number;
  /** Rows of accepted files that the version before did not have. */
  new_rows: number;
  file_count: number;
  quarantined_count: number;
  size_bytes: number;
  min_event_ms: number | null;
  max_event_ms: number | null;
  max_available_ms: number | null;
  /** JSON: `{name, type}[]`. */
  columns: string;
  /** Blob: `Profile` as JSON. */
  profile_digest: string;
  /** JSON: `Anomaly[]` of the quarantined files. */
  anomalies: string;
  created_at_ms: number;
};

/** A mergeable partial profile of the files added in a range of sequences. */
export type DatasetProfilePartRow = {
  dataset: string;
  from_sequence: number;
  to_sequence: number;
  /** Names the engine and the form of the sketches; parts of another form are computed anew. */
  format: string;
  /** SHA-256 of the digests of the files inside; changes when one is removed. */
  files_digest: string;
  /** JSON: `PartialProfile`. */
  profile: string;
};

/**
 * Small files that arrived one after another, merged into one parquet blob to be read at once. Never the truth: the
 * files themselves stay, and a segment whose files are not all asked for is passed over.
 */
export type DatasetSegmentRow = {
  dataset: string;
  from_sequence: number;
  to_sequence: number;
  files: number;
  /** SHA-256 of the sequences and digests of the files inside. */
  files_digest: string;
  /** The blob. */
  digest: string;
  created_at_ms: number;
};

/** One validation: a schema and/or a suite held against a version, a file, an artifact or a batch. */
export type ValidationRow = {
  validation_id: string;
  /** Null where the rows belong to no dataset. */
  dataset: string | null;
  subject_kind: 'version' | 'file' | 'artifact' | 'batch';
  /** Version number, file path, artifact or batch name. */
  subject_id: string;
  subject_digest: string | null;
  schema_digest: string | null;
  suite_path: string | null;
  suite_digest: string | null;
  run_id: string | null;
  passed: 0 | 1;
  total: number;
  failed: number;
  warned: number;
  rows: number;
  duration_ms: number;
  created_at_ms: number;
};

export type ValidationResultRow = {
  validation_id: string;
  position: number;
  /** Check kind, or `schema` for an anomaly of the schema. */
  kind: string;
  name: string;
  column: string | null;
  passed: 0 | 1;
  /** `stop` fails the validation, `warn` and `retrain` (value skew) do not. */
  severity: 'stop' | 'warn' | 'retrain';
  observed: string;
  expected: string;
  unexpected_count: number | null;
  /** JSON: at most 20 rows that break the rule. */
  sample_rows: string;
  /** JSON: proposed change of the schema file; null for checks. */
  proposal: string | null;
};

/** Tables of `datasets` and `checks`. */
export type DatasetsTables = {
  datasets: DatasetRow;
  dataset_files: DatasetFileRow;
  dataset_versions: DatasetVersionRow;
  dataset_profile_parts: DatasetProfilePartRow;
  dataset_segments: DatasetSegmentRow;
  validations: ValidationRow;
  validation_results: ValidationResultRow;
};
