import type { Event } from '../../events/event.ts';
import { asObject, asText, listOf, textOf } from '../event-data.ts';
import { eventsWithin, within } from '../evidence.ts';
import { checksOfCommit } from '../gather-evidence.ts';
import { changesWithin, NO_CHANGE, shaOf } from '../requirements/commits.ts';
import { counted, span } from '../words.ts';
import { everyChampion, nameOf, none, scored, windowsOn, type MlTest } from './ml-test.ts';

const schema: MlTest = {
  id: 'D1',
  section: 'data',
  title: 'Feature expectations are captured in a schema',
  whole:
    'The data of the training of the version in production was validated, and so are the batches it serves (monitor checks).',
  half: 'Only training data was validated, or only a schema was accepted.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const trained = (champion.story?.run?.validations ?? []).filter((event) =>
        within(evidence.window, event),
      );
      const served = windowsOn(evidence, champion, ['checks']);
      if (trained.length > 0 && served.length > 0)
        return scored(
          1,
          `The training data of ${nameOf(champion)} was validated, and ${counted(served.length, 'window')} of what it serves.`,
          [...trained, served[0]],
        );
      if (trained.length > 0)
        return scored(
          0.5,
          `The training data of ${nameOf(champion)} was validated, what it serves was not: add the monitor checks.`,
          trained,
        );
      const accepted = eventsWithin(evidence, 'dataset.schema-accepted');
      if (accepted.length > 0)
        return scored(
          0.5,
          'A schema was accepted in the window, and no training of the version in production was validated by it.',
          accepted,
        );
      return none(
        `Neither the training data of ${nameOf(champion)} nor what it serves was validated in the window.`,
      );
    }),
};

const beneficial: MlTest = {
  id: 'D2',
  section: 'data',
  title: 'All features are beneficial',
  whole:
    'A run that leaves features out one by one, or permutes them, for the version in production.',
  half: 'A report that was made by hand.',
  judge: () => none('No run has left features out one by one. Rondo makes no such run yet.'),
};

const cost: MlTest = {
  id: 'D3',
  section: 'data',
  title: 'No feature costs too much',
  whole:
    'Latency, memory and missing values of each feature are measured while serving, against a limit.',
  half: 'A note that was made by hand.',
  judge: () =>
    none(
      'The cost of single features is not measured: missing values are counted for an endpoint as a whole.',
    ),
};

const policy: MlTest = {
  id: 'D4',
  section: 'data',
  title: 'Features adhere to requirements on the data as a whole',
  whole: 'Rules on allowed sources and forbidden columns are judged in every run.',
  half: 'A signed checklist.',
  judge: () =>
    none(
      'No rule on allowed sources or forbidden columns was judged. Rondo has no such rules yet.',
    ),
};

const privacy: MlTest = {
  id: 'D5',
  section: 'data',
  title: 'The data pipeline has privacy controls',
  whole:
    'Every dataset version is searched for personal data; access, retention and deletion are recorded.',
  half: 'A signed review.',
  judge: () => none('No dataset version was searched for personal data. Rondo does not do so yet.'),
};

const quickFeatures: MlTest = {
  id: 'D6',
  section: 'data',
  title: 'New features can be added quickly',
  whole:
    'The time from the definition of a feature view to a model in production that uses it, below a target that was set.',
  half: 'That time, measured and without a target.',
  judge(evidence) {
    const cases = (evidence.events.get('feature.view-defined') ?? []).flatMap((defined) => {
      const first = evidence.versions
        .filter((story) => usesView(story.registered, textOf(defined, 'digest')))
        .flatMap((story) => story.releases.flatMap(({ promoted }) => (promoted ? [promoted] : [])))
        .toSorted((a, b) => a.position - b.position)[0];
      return first && within(evidence.window, first) ? [{ defined, first }] : [];
    });
    if (cases.length === 0)
      return none('No feature view that was defined reached production in the window.');
    const times = cases.map((one) => one.first.atMs - one.defined.atMs).toSorted((a, b) => a - b);
    const middle = times[Math.floor((times.length - 1) / 2)] ?? 0;
    return scored(
      0.5,
      `From definition to production: ${span(middle)} (median of ${counted(cases.length, 'feature view')}). There is no target to hold it against.`,
      cases.flatMap((one) => [one.first, one.defined]),
    );
  },
};

function usesView(registered: Event | undefined, digest: string | null): boolean {
  return listOf(registered, 'features').some(
    (feature) => digest !== null && asText(asObject(feature).viewDigest) === digest,
  );
}

const testedFeatures: MlTest = {
  id: 'D7',
  section: 'data',
  title: 'Input feature code is tested',
  whole:
    "The project's tests passed on the deployed commit, and how much of the feature code they cover is known.",
  half: 'The tests passed; what they cover is not measured.',
  judge(evidence) {
    const change = changesWithin(evidence).at(-1);
    if (!change) return none(NO_CHANGE);
    const checks = checksOfCommit(change.ci, 'G31');
    if (checks.length === 0 || checks.some((check) => check.state !== 'passed'))
      return none(`Commit ${shaOf(change)} has no passed tests of the project's own.`);
    return scored(
      0.5,
      `The project's tests passed on commit ${shaOf(change)}; how much of the feature code they cover is not measured.`,
      [change.ci],
    );
  },
};

export const dataTests: readonly MlTest[] = [
  schema,
  beneficial,
  cost,
  policy,
  privacy,
  quickFeatures,
  testedFeatures,
];
