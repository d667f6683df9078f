import type { Event } from '../../events/event.ts';
import { canonicalJson } from '../../base/json.ts';
import { numberOf, objectOf, textOf } from '../event-data.ts';
import { eventsWithin, nameOfVersion, type Champion, type Evidence } from '../evidence.ts';
import { changesWithin, NO_CHANGE, shaOf } from '../requirements/commits.ts';
import { rankCorrelation } from '../rank-correlation.ts';
import { counted } from '../words.ts';
import { everyChampion, nameOf, none, scored, verdictsOn, type MlTest } from './ml-test.ts';

const reviewed: MlTest = {
  id: 'M1',
  section: 'model',
  title: 'Model specifications are reviewed and checked in',
  whole: 'The deployed commit was reviewed by another person before it was merged.',
  half: 'The pipeline is deployed from a commit.',
  judge(evidence) {
    const change = changesWithin(evidence).at(-1);
    if (!change?.commit) return none(NO_CHANGE);
    return scored(
      0.5,
      `Commit ${shaOf(change)} is deployed; that another person reviewed it is not recorded.`,
      [change.commit, change.deployed],
    );
  },
};

/** Fewer versions than this say nothing about a rank. */
const LEAST_VERSIONS = 5;

const correlated: MlTest = {
  id: 'M2',
  section: 'model',
  title: 'Offline and online metrics correlate',
  whole:
    'Five or more versions with a metric of their test rows and the same one of what they served, and the correlation of their ranks.',
  half: 'An analysis that was made by hand.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const pairs = metricPairs(evidence, champion);
      if (pairs.length < LEAST_VERSIONS)
        return none(
          `${counted(pairs.length, 'version')} of ${champion.model} with the same metric offline and online in the window; ${LEAST_VERSIONS} are needed.`,
        );
      const correlation = rankCorrelation(
        pairs.map((pair) => pair.offline),
        pairs.map((pair) => pair.online),
      );
      return scored(
        1,
        `Over ${pairs.length} versions of ${champion.model} the ranks of the metric offline and online correlate with ${correlation.toFixed(2)}.`,
        pairs.flatMap((pair) => pair.proof),
      );
    }),
};

/** Versions with a metric at registration and the mean of the same one over the windows they served. */
function metricPairs(
  evidence: Evidence,
  champion: Champion,
): { offline: number; online: number; proof: (Event | undefined)[] }[] {
  const windows = Map.groupBy(
    eventsWithin(evidence, 'monitor.evaluated').filter(
      (event) =>
        textOf(event, 'kind') === 'quality' &&
        textOf(event, 'endpoint') === champion.endpoint &&
        numberOf(event, 'value') !== null,
    ),
    (event) => `${textOf(event, 'model')}/${textOf(event, 'version')}`,
  );
  return evidence.versions.flatMap((story) => {
    const own = windows.get(nameOfVersion(story)) ?? [];
    const unit = textOf(own[0], 'unit') ?? '';
    const offline = objectOf(story.registered, 'metrics')[unit];
    if (typeof offline !== 'number' || own.length === 0) return [];
    const online =
      own.reduce((sum, event) => sum + (numberOf(event, 'value') ?? 0), 0) / own.length;
    return [{ offline, online, proof: [story.registered, ...own] }];
  });
}

/** Fewer sets of parameters than this are no search. */
const LEAST_TRIALS = 3;

const tuned: MlTest = {
  id: 'M3',
  section: 'model',
  title: 'Hyperparameters are tuned',
  whole: 'A search run is an ancestor of the version in production.',
  half: 'Runs with three or more different sets of parameters.',
  judge(evidence) {
    const trials = new Map<string, Event>();
    for (const run of evidence.runs) {
      if (!run.trains || !run.started || run.started.atMs < evidence.window.fromMs) continue;
      trials.set(
        `${run.pipeline} ${canonicalJson(objectOf(run.started, 'parameters'))}`,
        run.started,
      );
    }
    return trials.size >= LEAST_TRIALS
      ? scored(
          0.5,
          `${trials.size} different sets of parameters were tried in runs of the window; no search chose among them.`,
          [...trials.values()],
        )
      : none(
          `${counted(trials.size, 'set')} of parameters in the runs of the window; no search tried others.`,
        );
  },
};

const stalenessKnown: MlTest = {
  id: 'M4',
  section: 'model',
  title: 'The impact of a stale model is known',
  whole: 'Models of different age were scored on the newest data.',
  half: 'A report that was made by hand.',
  judge: () => none('No run has scored older versions on newer data. Rondo makes no such run yet.'),
};

const noSimpler: MlTest = {
  id: 'M5',
  section: 'model',
  title: 'A simpler model is not better',
  whole:
    'The version in production was shown to beat a baseline on its test rows (gate beats against baseline).',
  half: 'A report that was made by hand.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const against = verdictsOn(evidence, champion, 'beats').filter(
        // A first version has no champion to beat: the gate then takes the baseline.
        (event) => objectOf(event, 'evidence').against === 'baseline',
      );
      const passed = against.filter((event) => textOf(event, 'outcome') === 'passed');
      if (passed.length === 0)
        return none(
          against.length > 0
            ? `${nameOf(champion)} did not beat the baseline.`
            : `${nameOf(champion)} was not compared with a baseline in the window; add { kind: beats, against: baseline }.`,
        );
      return scored(
        1,
        `${nameOf(champion)} beats the baseline: ${textOf(passed[0], 'reason') ?? ''}`,
        passed,
      );
    }),
};

const slices: MlTest = {
  id: 'M6',
  section: 'model',
  title: 'Quality is sufficient on all important slices',
  whole: 'The version in production passed the gate slices.',
  half: 'A report that was made by hand.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const passed = verdictsOn(evidence, champion, 'slices').filter(
        (event) => textOf(event, 'outcome') === 'passed',
      );
      return passed.length === 0
        ? none(
            `${nameOf(champion)} was not judged slice by slice in the window; add the gate slices.`,
          )
        : scored(
            1,
            `${nameOf(champion)} passed slice by slice: ${textOf(passed[0], 'reason') ?? ''}`,
            passed,
          );
    }),
};

const inclusion: MlTest = {
  id: 'M7',
  section: 'model',
  title: 'The model has been tested for considerations of inclusion',
  whole: 'Fairness metrics of declared groups are judged by a gate.',
  half: 'A questionnaire that was answered by hand.',
  judge: () => none('No gate judged fairness between declared groups. Rondo has no such gate yet.'),
};

export const modelTests: readonly MlTest[] = [
  reviewed,
  correlated,
  tuned,
  stalenessKnown,
  noSimpler,
  slices,
  inclusion,
];
