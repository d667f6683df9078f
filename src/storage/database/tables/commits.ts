/** A commit seen on the watched branch. */
export type CommitRow = {
  /** In the order they were seen. */
  number: number;
  sha: string;
  branch: string;
  subject: string;
  author: string;
  committed_ms: number;
  seen_ms: number;
  /** queued, testing, failed, passed, deployed (in force), replaced, rolled-back. */
  state: string;
  /** One sentence: why it is in this state. */
  reason: string | null;
  bundle: string | null;
  /** Calendar. */
  started_ms: number | null;
  finished_ms: number | null;
  /** Real time of its tests. */
  duration_ms: number | null;
};

/** One check of a commit's verdict. */
export type CommitCheckRow = {
  sha: string;
  kind: string;
  position: number;
  name: string;
  /** passed, failed, skipped. */
  state: string;
  duration_ms: number | null;
  summary: string;
  /** Last lines of what it printed, when it failed. */
  log: string | null;
};

/** What a commit's pipelines are made of, as a stored tree; equal content is one bundle. */
export type BundleRow = {
  digest: string;
  /** The first commit it was built of. */
  sha: string;
  files: number;
  size_bytes: number;
  built_ms: number;
};

/** A time during which runs used a commit. */
export type DeploymentRow = {
  number: number;
  sha: string;
  bundle: string;
  /** JSON list of names. */
  pipelines: string;
  /** in-force, replaced, rolled-back. */
  state: string;
  /** The deployment a rollback goes back to. */
  before_number: number | null;
  actor: string;
  reason: string;
  at_ms: number;
  ended_ms: number | null;
};

/** Tables of `projects`. */
export type CommitsTables = {
  commits: CommitRow;
  commit_checks: CommitCheckRow;
  bundles: BundleRow;
  deployments: DeploymentRow;
};
