import { asObject, numberOf, objectOf, textOf } from '../event-data.ts';
import { eventsWithin, within } from '../evidence.ts';
import { checksOfCommit } from '../gather-evidence.ts';
import { changesWithin } from '../requirements/commits.ts';
import { counted, span } from '../words.ts';
import {
  everyChampion,
  nameOf,
  none,
  scored,
  verdictsOn,
  windowsOn,
  type MlTest,
} from './ml-test.ts';

const dependencies: MlTest = {
  id: 'O1',
  section: 'monitoring',
  title: 'Changes of dependencies notify somebody',
  whole: 'A change of a source or of a library was delivered to somebody as a message.',
  half: 'Changes of the data were noticed and acted on, without a message that is recorded.',
  judge(evidence) {
    const noticed = [
      ...eventsWithin(evidence, 'dataset.file-quarantined', 'dataset.value-skew'),
      ...eventsWithin(evidence, 'trigger.fired').filter((event) =>
        ['new-data', 'value-skew'].includes(textOf(event, 'kind') ?? ''),
      ),
    ];
    return noticed.length > 0
      ? scored(
          0.5,
          `${counted(noticed.length, 'change')} of the data noticed in the window; that a message reached somebody is not recorded.`,
          noticed,
        )
      : none('No change of a source was noticed in the window.');
  },
};

const invariants: MlTest = {
  id: 'O2',
  section: 'monitoring',
  title: 'Data invariants hold in training and serving inputs',
  whole:
    'A monitor of the inputs (checks or input-drift) judged windows of the version in production.',
  half: 'A check that was made once by hand.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const windows = windowsOn(evidence, champion, ['checks', 'input-drift']);
      return windows.length === 0
        ? none(
            `No monitor judged the inputs of ${nameOf(champion)} in the window; add the monitor checks or input-drift.`,
          )
        : scored(
            1,
            `${counted(windows.length, 'window')} of the inputs of ${nameOf(champion)} were judged.`,
            windows,
          );
    }),
};

const noSkew: MlTest = {
  id: 'O3',
  section: 'monitoring',
  title: 'Training and serving are not skewed',
  whole:
    'Features that were served were computed again and compared for the version in production (gate skew).',
  half: 'Compared only with values replayed from history.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const passed = verdictsOn(evidence, champion, 'skew').filter(
        (event) => textOf(event, 'outcome') === 'passed',
      );
      const [last] = passed;
      if (!last)
        return none(
          `The features of ${nameOf(champion)} were not compared online and offline in the window; add the gate skew.`,
        );
      const features = objectOf(last, 'evidence').features;
      const served =
        Array.isArray(features) && features.some((one) => asObject(one).source === 'served');
      return served
        ? scored(
            1,
            `Served features of ${nameOf(champion)} were computed again: ${textOf(last, 'reason') ?? ''}`,
            passed,
          )
        : scored(
            0.5,
            `The features of ${nameOf(champion)} were compared with replayed values; no served ones were there yet.`,
            passed,
          );
    }),
};

const notStale: MlTest = {
  id: 'O4',
  section: 'monitoring',
  title: 'Models are not too stale',
  whole: 'A monitor holds the age of the model against a limit.',
  half: 'The age is shown, without a limit.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const trained = champion.story?.run?.ended ?? champion.story?.registered;
      return trained && within(evidence.window, trained)
        ? scored(
            0.5,
            `${nameOf(champion)} is ${span(evidence.window.toMs - trained.atMs)} old; no limit is set.`,
            [trained],
          )
        : none(`${nameOf(champion)} was not trained in the window, and no limit holds its age.`);
    }),
};

const stableNumbers: MlTest = {
  id: 'O5',
  section: 'monitoring',
  title: 'The model is numerically stable',
  whole:
    'The check of finite answers passed on the deployed commit, and a monitor counts failed answers of the version in production.',
  half: null,
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const change = changesWithin(evidence).at(-1);
      const checks = checksOfCommit(change?.ci, 'G34');
      const windows = windowsOn(evidence, champion, ['service']);
      if (windows.length === 0)
        return none(
          `No monitor counts failed answers of ${nameOf(champion)}; add the monitor service.`,
        );
      return checks.length > 0 && checks.every((check) => check.state === 'passed')
        ? scored(
            1,
            `Zero, tiny, huge and missing values gave finite answers or a refusal on the deployed commit; failed answers of ${nameOf(champion)} were counted in ${counted(windows.length, 'window')}.`,
            [change?.ci, ...windows],
          )
        : none(
            'Failed answers are counted while serving; the check of finite answers has not passed on a deployed commit of the window.',
          );
    }),
};

const performance: MlTest = {
  id: 'O6',
  section: 'monitoring',
  title: 'Computing performance has not regressed',
  whole:
    'The latency of the version in production was compared with the one before in its release, and a monitor goes on watching.',
  half: 'Its latency was measured once, before the release.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const compared = (champion.story?.releases ?? [])
        .flatMap((release) => [release.started])
        .filter((event) => within(evidence.window, event) && numberOf(event, 'slowUs') !== null);
      const watched = windowsOn(evidence, champion, ['service']);
      if (compared.length > 0 && watched.length > 0)
        return scored(
          1,
          `The latency of ${nameOf(champion)} was held against that of the version before, and judged in ${counted(watched.length, 'window')} since.`,
          [...compared, watched[0]],
        );
      const measured = verdictsOn(evidence, champion, 'service');
      return measured.length > 0
        ? scored(
            0.5,
            `The latency of ${nameOf(champion)} was measured before its release, not compared with the version before while serving.`,
            measured,
          )
        : none(`The latency of ${nameOf(champion)} was not compared in the window.`);
    }),
};

const quality: MlTest = {
  id: 'O7',
  section: 'monitoring',
  title: 'Prediction quality has not regressed on served data',
  whole:
    'Labels were joined to predictions of the version in production, and a monitor judged its quality.',
  half: 'A report that was made by hand.',
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const windows = windowsOn(evidence, champion, ['quality']).filter(
        (event) => (numberOf(event, 'labelled') ?? 0) > 0,
      );
      if (windows.length === 0)
        return none(
          `No monitor judged the quality of ${nameOf(champion)} by labels in the window; add the monitor quality and a label to the model.`,
        );
      const labelled = windows.reduce((sum, event) => sum + (numberOf(event, 'labelled') ?? 0), 0);
      return scored(
        1,
        `${counted(windows.length, 'window')} of ${nameOf(champion)} judged by ${counted(labelled, 'labelled prediction')}.`,
        windows,
      );
    }),
};

export const monitoringTests: readonly MlTest[] = [
  dependencies,
  invariants,
  noSkew,
  notStale,
  stableNumbers,
  performance,
  quality,
];
