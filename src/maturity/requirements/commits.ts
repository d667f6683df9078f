import type { Event } from '../../events/event.ts';
import { byPerson, textOf } from '../event-data.ts';
import { eventsWithin, within, type Evidence, type PipelineChange } from '../evidence.ts';
import { counted, named } from '../words.ts';
import { everyCase, missing, present, type Judgement, type Requirement } from './requirement.ts';

/** Pipeline deployments of the window. */
export function changesWithin(evidence: Evidence): PipelineChange[] {
  return evidence.changes.filter((change) => within(evidence.window, change.deployed));
}

export const shaOf = (change: PipelineChange): string => (change.sha ?? 'no commit').slice(0, 8);

export const NO_CHANGE =
  'No pipeline was deployed from a commit in the window. Commit a change: Rondo tests it, builds its bundle and deploys it.';

/** Pipeline changes are few, and each must hold: one is enough to be judged. */
export function everyChange(
  evidence: Evidence,
  rule: {
    has: string;
    lacks: string;
    proof(change: PipelineChange): readonly (Event | undefined)[] | null;
  },
): Judgement {
  const cases = changesWithin(evidence);
  const judged = everyCase(cases, {
    noun: 'pipeline change',
    name: shaOf,
    ...rule,
    none: NO_CHANGE,
  });
  return judged.state === 'insufficient'
    ? {
        ...judged,
        state: 'automatic',
        reason: `${cases.length === 1 ? 'The one pipeline change' : 'Each of the two pipeline changes'} of the window ${rule.has}.`,
      }
    : judged;
}

export const testsEveryCommit: Requirement = {
  id: 'G04',
  level: 2,
  title: 'Every pipeline change was tested before its deployment',
  needs: 'For each pipeline deployment, tests of its commit that passed before it.',
  asks: 'automatic',
  judge: (evidence) =>
    everyChange(evidence, {
      has: 'had passed the tests of its commit before',
      lacks: 'had no passed tests of its commit before',
      proof: (change) =>
        change.ci && textOf(change.ci, 'state') === 'passed' ? [change.ci, change.deployed] : null,
    }),
};

export const deploysOnlyCommits: Requirement = {
  id: 'G05',
  level: 2,
  title: 'Pipelines are deployed by the system, from commits alone',
  needs:
    'Each pipeline deployment names a commit that had been seen, and no person made it by hand.',
  asks: 'automatic',
  judge(evidence) {
    const judged = everyChange(evidence, {
      has: 'came from a commit, deployed by the system',
      lacks: 'came from no commit',
      proof: (change) => (change.commit ? [change.commit, change.deployed] : null),
    });
    const hand = changesWithin(evidence).filter(
      (change) => byPerson(change.deployed) && change.environment !== 'production',
    );
    return judged.state === 'automatic' && hand.length > 0
      ? {
          ...judged,
          state: 'manual',
          reason: `${hand.length} of ${counted(judged.n, 'pipeline change')} were deployed by a person: ${named(hand.map(shaOf))}.`,
        }
      : judged;
  },
};

/** What tells that a component of the setup works: events only it leaves. */
const COMPONENTS: readonly [name: string, ...types: string[]][] = [
  ['source control', 'commit.seen'],
  ['test and build service', 'ci.finished'],
  ['deployment service', 'pipeline.deployed'],
  ['model registry', 'model.version-registered'],
  ['feature store', 'feature.view-defined', 'feature.view-rebuilt', 'gate.evaluated'],
  ['metadata store', 'step.committed'],
  ['pipeline orchestrator', 'run.succeeded'],
];

export const hasEveryComponent: Requirement = {
  id: 'G28',
  level: 2,
  title: 'All seven components of the setup are at work',
  needs:
    'Source control, test and build, deployment, model registry, feature store, metadata store and orchestrator each left a record in the window.',
  asks: 'automatic',
  judge(evidence) {
    const last = COMPONENTS.map(([, ...types]) =>
      eventsWithin(evidence, ...types)
        .filter((event) => event.type !== 'gate.evaluated' || textOf(event, 'gate') === 'skew')
        .at(-1),
    );
    const idle = COMPONENTS.filter((_, index) => last[index] === undefined).map(([name]) => name);
    const n = COMPONENTS.length - idle.length;
    return idle.length > 0
      ? missing(`${n} of 7 components left a record in the window; none of ${idle.join(', ')}.`, n)
      : {
          state: 'automatic',
          reason: 'All seven components left records in the window.',
          n,
          proof: present(last),
        };
  },
};

/** The events of a commit's way to production and of what was seen of it there; null while the way is not complete. */
export function wayOfCommit(evidence: Evidence, change: PipelineChange): Event[] | null {
  const { sha, bundle, commit, ci, deployed } = change;
  if (sha === null || !commit || !ci) return null;
  for (const story of evidence.versions.toReversed()) {
    const { run } = story;
    if (!run?.ended || (run.commit !== sha && (bundle === null || run.bundle !== bundle))) continue;
    const served = story.releases.find((release) => release.promoted);
    if (!served?.promoted) continue;
    const seen = ['monitor.evaluated', 'alarm.opened']
      .flatMap((type) => evidence.events.get(type) ?? [])
      .find(
        (event) =>
          textOf(event, 'model') === story.model && textOf(event, 'version') === story.version,
      );
    if (seen) return [commit, ci, deployed, run.ended, served.promoted, seen];
  }
  return null;
}

export const followsOneCommit: Requirement = {
  id: 'G29',
  level: 2,
  title: 'A commit can be followed through all six stages',
  needs:
    'A commit with its source, tests, deployment, a run of it, a version of it that serves, and a window of monitoring.',
  asks: 'automatic',
  judge(evidence) {
    const changes = changesWithin(evidence);
    if (changes.length === 0) return missing(NO_CHANGE);
    for (const change of changes.toReversed()) {
      const way = wayOfCommit(evidence, change);
      if (!way) continue;
      return {
        state: 'automatic',
        reason: `Commit ${shaOf(change)} was tested, deployed, trained from, served and watched.`,
        n: changes.length,
        proof: way,
      };
    }
    return missing(
      `${counted(changes.length, 'pipeline change')} in the window; none has yet trained a model that serves and is watched.`,
      changes.length,
    );
  },
};
