import type { Event } from '../events/event.ts';

export type Window = { fromMs: number; toMs: number; days: number };

/** A run as its events tell it, each part with the event that proves it. */
export type RunStory = {
  runId: string;
  pipeline: string;
  /** Null when neither start nor end is known. */
  causeKind: string | null;
  causeEventId: string | null;
  /** The commit and the bundle it ran from, where the run names them. */
  commit: string | null;
  bundle: string | null;
  datasets: readonly { dataset: string; number: number }[];
  /** Whether it made a model. */
  trains: boolean;
  /** Of files that are in no deployed commit: its model may not be promoted, and it stands for no pipeline. */
  adHoc: boolean;
  started: Event | undefined;
  pinned: Event | undefined;
  /** One a step, in order of commit. */
  steps: readonly Event[];
  /** The step that made the model. */
  modelStep: Event | undefined;
  ended: Event | undefined;
  /** Validations of what it read and made, in order of commit. */
  validations: readonly Event[];
  /** Instant of its first known event, ms. */
  atMs: number;
};

/** A registered model version, from the run to what became of it. */
export type VersionStory = {
  model: string;
  version: string;
  registered: Event | undefined;
  /** A version that a step registered by itself, taken as the candidate of its run. */
  adopted: Event | undefined;
  run: RunStory | undefined;
  gates: readonly Event[];
  refused: Event | undefined;
  releases: readonly ReleaseStory[];
};

export type ReleaseStory = {
  releaseId: string;
  endpoint: string;
  model: string;
  version: string;
  started: Event | undefined;
  advanced: readonly Event[];
  promoted: Event | undefined;
  /** `release.rolled-back`, `.expired` or `.withdrawn`. */
  undone: Event | undefined;
  /** Whether it put an earlier champion back: a rollback, not a new deployment. */
  restores: boolean;
  /** Whether there was nothing to compare it with. */
  first: boolean;
};

/** The version at 100 % of an endpoint. */
export type Champion = {
  endpoint: string;
  model: string;
  version: string;
  promoted: Event;
  story: VersionStory | undefined;
};

/** A pipeline put in force, with the commit, the verdict and the bundle behind it. */
export type PipelineChange = {
  sha: string | null;
  bundle: string | null;
  /** Environment it was deployed to; null where the deployment names none. */
  environment: string | null;
  deployed: Event;
  commit: Event | undefined;
  /** The last finished tests of the commit before the deployment. */
  ci: Event | undefined;
  built: Event | undefined;
};

/** Counts of what has no event of its own, over the window. */
export type Counts = {
  /** By endpoint and model. */
  predictions: readonly { model: string; requests: number; labelled: number }[];
  events: number;
  /** Of those, how many are in the audit chain. */
  sealed: number;
};

export type EnabledTrigger = { trigger: string; kind: string; pipeline: string };

/**
 * Everything maturity is judged by. Stories may reach back before the window (a release that began before it); whatever
 * counts as proof is asked for with `within`.
 */
export type Evidence = {
  window: Window;
  /** By type, in order of commit; `recent` are those of the window. */
  events: ReadonlyMap<string, readonly Event[]>;
  recent: ReadonlyMap<string, readonly Event[]>;
  runs: readonly RunStory[];
  versions: readonly VersionStory[];
  /** The same by `MODEL/VERSION` and by the run that made them. */
  byName: ReadonlyMap<string, VersionStory>;
  byRun: ReadonlyMap<string, VersionStory>;
  releases: readonly ReleaseStory[];
  champions: readonly Champion[];
  /** In order of deployment. */
  changes: readonly PipelineChange[];
  triggers: readonly EnabledTrigger[];
  counts: Counts;
};

export function within(window: Window, event: Event | undefined): event is Event {
  return event !== undefined && event.atMs >= window.fromMs && event.atMs <= window.toMs;
}

/** Events of a type in the window, oldest first. */
export function eventsWithin(evidence: Evidence, ...types: readonly string[]): Event[] {
  return types.flatMap((type) => evidence.recent.get(type) ?? []);
}

/** Runs of pipelines that made a model, by their end, of the window; ad hoc ones are experiments and not counted. */
export function trainedRuns(evidence: Evidence): RunStory[] {
  return evidence.runs.filter(
    (run) =>
      run.trains &&
      !run.adHoc &&
      within(evidence.window, run.ended ?? run.modelStep ?? run.started),
  );
}

/** Deployments of models in the window: versions that reached 100 %, without those that were put back. */
export function promotions(evidence: Evidence): ReleaseStory[] {
  return evidence.releases.filter(
    (release) => !release.restores && within(evidence.window, release.promoted),
  );
}

export function nameOfVersion(named: { model: string; version: string }): string {
  return `${named.model}/${named.version}`;
}

/** The story of a released version. */
export function versionOf(
  evidence: Evidence,
  named: { model: string; version: string },
): VersionStory | undefined {
  return evidence.byName.get(nameOfVersion(named));
}
