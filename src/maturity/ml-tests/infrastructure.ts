import { textOf } from '../event-data.ts';
import { eventsWithin, promotions, trainedRuns, versionOf, within } from '../evidence.ts';
import { checksOfCommit } from '../gather-evidence.ts';
import { changesWithin, NO_CHANGE, shaOf } from '../requirements/commits.ts';
import { canarySteps } from '../requirements/releases.ts';
import { counted, named, span } from '../words.ts';
import { everyChampion, nameOf, none, scored, type MlTest } from './ml-test.ts';

const reproducible: MlTest = {
  id: 'I1',
  section: 'infrastructure',
  title: 'Training is reproducible',
  whole: 'The version in production was trained again and compared, within tolerance.',
  half: null,
  judge: () =>
    none('The version in production was not trained again and compared. Rondo does not do so yet.'),
};

const unitTested: MlTest = {
  id: 'I2',
  section: 'infrastructure',
  title: 'Model specifications are unit tested',
  whole:
    "The project's own tests and the checks of learning and of finite answers passed on the deployed commit.",
  half: "Only the project's own tests, or only those checks, passed.",
  judge(evidence) {
    const change = changesWithin(evidence).at(-1);
    if (!change) return none(NO_CHANGE);
    const passed = ['G31', 'G33', 'G34'].filter((id) => {
      const checks = checksOfCommit(change.ci, id);
      return checks.length > 0 && checks.every((check) => check.state === 'passed');
    });
    if (passed.length === 3)
      return scored(
        1,
        `Commit ${shaOf(change)} passed its own tests and the checks of learning and of finite answers.`,
        [change.ci],
      );
    if (passed.length > 0)
      return scored(0.5, `Commit ${shaOf(change)} passed ${named(passed)} of G31, G33 and G34.`, [
        change.ci,
      ]);
    return none(
      `Commit ${shaOf(change)} passed neither tests of its own nor the checks of its model.`,
    );
  },
};

const integrationTested: MlTest = {
  id: 'I3',
  section: 'infrastructure',
  title: 'The whole pipeline is integration tested',
  whole:
    'The deployed commit ran each pipeline from end to end on a slice of the data, and its steps fit.',
  half: 'A person ran the pipeline from end to end.',
  judge(evidence) {
    const change = changesWithin(evidence).at(-1);
    const checks = ['G35', 'G36'].flatMap((id) => checksOfCommit(change?.ci, id));
    if (change && checks.length >= 2 && checks.every((check) => check.state === 'passed'))
      return scored(
        1,
        `Commit ${shaOf(change)} ran from end to end on a slice of the data before its deployment.`,
        [change.ci],
      );
    const byHand = trainedRuns(evidence).filter(
      (run) => run.causeKind === 'manual' && run.ended?.type === 'run.succeeded',
    );
    return byHand.length > 0
      ? scored(
          0.5,
          `${counted(byHand.length, 'run')} of the window went from end to end, started by a person.`,
          byHand.map((run) => run.ended),
        )
      : none('No commit of the window ran the pipeline on a slice, and no person ran it.');
  },
};

const validatedBeforeServing: MlTest = {
  id: 'I4',
  section: 'infrastructure',
  title: 'Model quality is validated before serving',
  whole:
    'Every version that reached 100 % in the window had passed its gates before its release began.',
  half: 'A person let it pass with a comment.',
  judge(evidence) {
    const all = promotions(evidence);
    if (all.length === 0) return none('No version reached 100 % in the window.');
    const cases = all.map((release) => {
      const before = (release.started ?? release.promoted)?.position ?? 0;
      const gates = (versionOf(evidence, release)?.gates ?? []).filter(
        (gate) => gate.position < before && within(evidence.window, gate),
      );
      const passed =
        gates.length > 0 && gates.every((gate) => textOf(gate, 'outcome') === 'passed');
      return { release, gates, passed };
    });
    const unjudged = cases.filter((one) => !one.passed);
    return unjudged.length > 0
      ? none(
          `${unjudged.length} of ${counted(all.length, 'version')} that reached 100 % had no passed gate before: ${named(unjudged.map((one) => `${one.release.model} ${one.release.version}`))}.`,
        )
      : scored(
          1,
          `Of ${counted(all.length, 'version')} that reached 100 %, each had passed its gates before.`,
          cases.flatMap((one) => [...one.gates, one.release.promoted]),
        );
  },
};

const debuggable: MlTest = {
  id: 'I5',
  section: 'infrastructure',
  title: 'The model can be debugged on a single example',
  whole: 'Each prediction can be traced and explained, and a test does so.',
  half: 'A notebook that does so by hand.',
  judge: () =>
    none(
      'Each prediction is logged with its features and version, and no test explains one. Rondo explains no prediction yet.',
    ),
};

const canaried: MlTest = {
  id: 'I6',
  section: 'infrastructure',
  title: 'Models are canaried before they serve',
  whole: 'The version in production served a part of the traffic beside the one before it.',
  half: null,
  judge: (evidence) =>
    everyChampion(evidence, (champion) => {
      const steps = (champion.story?.releases ?? [])
        .flatMap(canarySteps)
        .filter((event) => within(evidence.window, event));
      return steps.length === 0
        ? none(`${nameOf(champion)} served no part of the traffic before all of it in the window.`)
        : scored(
            1,
            `${nameOf(champion)} went through ${counted(steps.length, 'stage')} below 100 % before it served all.`,
            steps,
          );
    }),
};

const rolledBack: MlTest = {
  id: 'I7',
  section: 'infrastructure',
  title: 'A model or pipeline can be rolled back',
  whole: 'A rollback of the window, in earnest or as a drill.',
  half: 'A runbook that was written by hand.',
  judge(evidence) {
    const all = eventsWithin(
      evidence,
      'release.rolled-back',
      'gateway.rolled-back',
      'pipeline.rolled-back',
    );
    const last = all.toSorted((a, b) => a.position - b.position).at(-1);
    if (!last)
      return none(
        'Nothing was rolled back in the window, in earnest or as a drill. Try: rondo rollback.',
      );
    const began = (evidence.events.get('release.started') ?? []).find(
      (event) => event.subject.id === last.subject.id,
    );
    return scored(
      1,
      `${counted(all.length, 'rollback')} in the window${began ? `, the last ${span(last.atMs - began.atMs)} after its release began` : ''}.`,
      all,
    );
  },
};

export const infrastructureTests: readonly MlTest[] = [
  reproducible,
  unitTested,
  integrationTested,
  validatedBeforeServing,
  debuggable,
  canaried,
  rolledBack,
];
