import type { Event } from '../events/event.ts';
import {
  nameOfVersion,
  within,
  type Champion,
  type Counts,
  type EnabledTrigger,
  type Evidence,
  type PipelineChange,
  type ReleaseStory,
  type VersionStory,
  type Window,
} from './evidence.ts';
import { asObject, asText, listOf, numberOf, textOf } from './event-data.ts';
import { runStories } from './run-stories.ts';

/**
 * Puts single events together to stories of runs, versions, releases and pipeline changes. Pure: the same events give the
 * same evidence, in whatever order they come.
 */
export function gatherEvidence(
  found: readonly Event[],
  facts: { window: Window; triggers: readonly EnabledTrigger[]; counts: Counts },
): Evidence {
  const known = new Set<number>();
  const events = new Map<string, Event[]>();
  for (const event of found.toSorted((a, b) => a.position - b.position)) {
    if (known.has(event.position) || event.atMs > facts.window.toMs) continue;
    known.add(event.position);
    const list = events.get(event.type);
    if (list) list.push(event);
    else events.set(event.type, [event]);
  }
  const runs = runStories(events);
  const releases = releaseStories(events);
  const byName = versionStories(events, { runs, releases });
  const versions = [...byName.values()];
  return {
    ...facts,
    events,
    recent: new Map(
      [...events].map(([type, list]) => [
        type,
        list.filter((event) => within(facts.window, event)),
      ]),
    ),
    runs,
    versions,
    byName,
    byRun: new Map(versions.flatMap((story) => (story.run ? [[story.run.runId, story]] : []))),
    releases,
    champions: championsOf(releases, byName),
    changes: pipelineChanges(events),
  };
}

function releaseStories(events: ReadonlyMap<string, readonly Event[]>): ReleaseStory[] {
  const stories = new Map<string, ReleaseStory & { advanced: Event[] }>();
  const types = ['started', 'advanced', 'promoted', 'rolled-back', 'expired', 'withdrawn'] as const;
  for (const type of types) {
    for (const event of events.get(`release.${type}`) ?? []) {
      const story = stories.get(event.subject.id) ?? {
        releaseId: event.subject.id,
        endpoint: textOf(event, 'endpoint') ?? '',
        model: textOf(event, 'model') ?? '',
        version: textOf(event, 'version') ?? '',
        started: undefined,
        advanced: [],
        promoted: undefined,
        undone: undefined,
        restores: false,
        first: false,
      };
      stories.set(event.subject.id, story);
      if (type === 'started') story.started = event;
      else if (type === 'advanced') story.advanced.push(event);
      else if (type === 'promoted') story.promoted = event;
      else story.undone = event;
    }
  }
  const ordered = [...stories.values()].sort(
    (a, b) => firstPosition(a) - firstPosition(b) || a.releaseId.localeCompare(b.releaseId),
  );
  const served = new Set<string>();
  for (const story of ordered.filter((one) => one.promoted)) {
    const place = `${story.endpoint} ${story.model} ${story.version}`;
    story.restores = served.has(place);
    story.first = story.promoted?.data.previous === null;
    served.add(place);
  }
  return ordered;
}

/** Where a release stands among the others: where it reached 100 %, else where it began. */
function firstPosition(story: ReleaseStory): number {
  return (story.promoted ?? story.started ?? story.advanced[0] ?? story.undone)?.position ?? 0;
}

function versionStories(
  events: ReadonlyMap<string, readonly Event[]>,
  found: { runs: Evidence['runs']; releases: readonly ReleaseStory[] },
): ReadonlyMap<string, VersionStory> {
  type Growing = VersionStory & { gates: Event[]; releases: ReleaseStory[] };
  const stories = new Map<string, Growing>();
  const runs = new Map(found.runs.map((run) => [run.runId, run]));
  const storyOf = (model: string | null, version: string | null): Growing | undefined => {
    if (model === null || version === null) return undefined;
    const key = nameOfVersion({ model, version });
    const story = stories.get(key) ?? {
      model,
      version,
      registered: undefined,
      adopted: undefined,
      run: undefined,
      gates: [],
      refused: undefined,
      releases: [],
    };
    stories.set(key, story);
    return story;
  };
  for (const event of events.get('model.version-registered') ?? []) {
    const story = storyOf(textOf(event, 'model') ?? event.subject.id, textOf(event, 'version'));
    if (!story) continue;
    story.registered = event;
    story.run = runs.get(textOf(event, 'runId') ?? '');
  }
  for (const event of events.get('model.version-adopted') ?? []) {
    const story = storyOf(textOf(event, 'model') ?? event.subject.id, textOf(event, 'version'));
    if (!story) continue;
    story.adopted = event;
    story.run = runs.get(textOf(event, 'runId') ?? '') ?? story.run;
  }
  for (const event of events.get('gate.evaluated') ?? [])
    storyOf(textOf(event, 'model'), textOf(event, 'version'))?.gates.push(event);
  for (const event of events.get('candidate.refused') ?? []) {
    const story = storyOf(textOf(event, 'model'), textOf(event, 'version'));
    if (!story) continue;
    story.refused = event;
    story.run ??= runs.get(textOf(event, 'runId') ?? '');
  }
  for (const release of found.releases)
    storyOf(release.model, release.version)?.releases.push(release);
  return stories;
}

/** The last version at 100 % of each endpoint. */
function championsOf(
  releases: readonly ReleaseStory[],
  byName: ReadonlyMap<string, VersionStory>,
): Champion[] {
  const last = new Map<string, Champion>();
  for (const { endpoint, model, version, promoted } of releases) {
    const before = last.get(endpoint);
    if (!promoted || (before && before.promoted.position > promoted.position)) continue;
    const story = byName.get(nameOfVersion({ model, version }));
    last.set(endpoint, { endpoint, model, version, promoted, story });
  }
  return [...last.values()].sort((a, b) => a.endpoint.localeCompare(b.endpoint));
}

function pipelineChanges(events: ReadonlyMap<string, readonly Event[]>): PipelineChange[] {
  return (events.get('pipeline.deployed') ?? []).map((deployed): PipelineChange => {
    const sha = textOf(deployed, 'sha');
    const bundle = textOf(deployed, 'bundle');
    const before = (type: string): Event | undefined =>
      (events.get(type) ?? []).findLast(
        (event) => textOf(event, 'sha') === sha && event.position < deployed.position,
      );
    return {
      sha,
      bundle,
      environment: textOf(deployed, 'environment'),
      deployed,
      commit: sha === null ? undefined : before('commit.seen'),
      ci: sha === null ? undefined : before('ci.finished'),
      built: sha === null ? undefined : before('bundle.built'),
    };
  });
}

/** The checks of a commit that prove a requirement (`G33`), with how each ended. */
export function checksOfCommit(
  ci: Event | undefined,
  requirement: string,
): { state: string | null; kind: string | null }[] {
  return listOf(ci, 'checks').flatMap((check) => {
    const { kind, state, requirement: proves } = asObject(check);
    const ids = asText(proves)?.split(/[,\s]+/) ?? [];
    return ids.includes(requirement) ? [{ state: asText(state), kind: asText(kind) }] : [];
  });
}

/** Share of the traffic a release had at an advance; null where the event does not say. */
export function shareAt(event: Event): number | null {
  return numberOf(event, 'share');
}
