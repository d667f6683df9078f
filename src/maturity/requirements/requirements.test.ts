import { expect, test } from 'vitest';
import {
  emptyHistory,
  HISTORY_END_MS,
  tellAlarm,
  tellCommit,
  tellDeployment,
  tellRelease,
  tellRun,
  tellWindows,
  type History,
  type RunTold,
} from '../../../test/harness/event-history.ts';
import type { EnabledTrigger } from '../evidence.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { requirements } from './index.ts';
import type { MetState } from './requirement.ts';

const DAYS = 90;
type Tell = (history: History) => void;

function judge(id: string, tell: Tell, triggers: readonly EnabledTrigger[] = []) {
  const history = emptyHistory();
  tell(history);
  const requirement = requirements.find((one) => one.id === id);
  if (!requirement) throw new Error(`no requirement ${id}`);
  return requirement.judge(
    gatherEvidence(history.events, {
      window: { fromMs: HISTORY_END_MS - DAYS * 864e5, toMs: HISTORY_END_MS, days: DAYS },
      triggers,
      counts: {
        predictions: [{ model: 'late', requests: 50, labelled: 20 }],
        events: 1,
        sealed: 1,
      },
    }),
  );
}

/** Runs 1 to n, the first ten days before the end. */
const runs =
  (count: number, part: Partial<RunTold> = {}): Tell =>
  (history) => {
    for (let run = 1; run <= count; run += 1) tellRun(history, { run, daysAgo: 10 - run, ...part });
  };
/** Runs with their releases, each taking the place of the one before. */
const released =
  (count: number, part: Partial<Parameters<typeof tellRelease>[1]> = {}): Tell =>
  (history) => {
    for (let run = 1; run <= count; run += 1) {
      tellRun(history, { run, daysAgo: 30 - 3 * run });
      tellRelease(history, {
        version: run,
        daysAgo: 29 - 3 * run,
        previous: run === 1 ? null : run - 1,
        ...(run === 1 ? {} : part),
      });
    }
  };
const deployed: Tell = (history) => {
  tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 40 });
  tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 40 });
};
const all =
  (...parts: Tell[]): Tell =>
  (history) => {
    for (const part of parts) part(history);
  };
const nothing: Tell = () => undefined;
/** A commit with failing or skipped checks that was deployed nonetheless. */
const deployedWith =
  (part: Partial<Parameters<typeof tellCommit>[1]>): Tell =>
  (history) => {
    tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 40, ...part });
    tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 40 });
  };
const throughStages =
  (productionBy: string, runsBefore: number): Tell =>
  (history) => {
    tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 40 });
    tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 40, environment: 'test' });
    tellDeployment(history, {
      sha: 'aaaaaaa1',
      daysAgo: 39,
      environment: 'pre-production',
      actor: 'ada',
    });
    for (let run = 1; run <= runsBefore; run += 1) tellRun(history, { run, daysAgo: 38 });
    tellDeployment(history, {
      sha: 'aaaaaaa1',
      daysAgo: 30,
      environment: 'production',
      actor: productionBy,
    });
  };

const cases: [id: string, state: MetState, what: string, tell: Tell, reason?: RegExp][] = [
  ['G02', 'automatic', 'three released versions of runs', released(3)],
  ['G02', 'insufficient', 'two', released(2), /Only 2 production models/],
  ['G02', 'missing', 'none', nothing],
  [
    'G02',
    'missing',
    'a version without a run',
    (history) => {
      released(3)(history);
      history.tell(
        3,
        { type: 'model.version-registered', subject: ['model', 'late'] },
        { model: 'late', version: '9', runId: null },
      );
      tellRelease(history, { version: 9, daysAgo: 2, previous: 3 });
    },
    /1 of 4 production models have no run.*late 9/,
  ],
  [
    'G07',
    'automatic',
    'windows of the endpoint that serves',
    all(released(1), (history) => {
      tellWindows(history, { daysAgo: 4, version: 1 });
    }),
    /50 predictions logged in the window; 4 windows/,
  ],
  ['G07', 'missing', 'no monitor', released(1), /no monitor judged a window of late/],
  ['G07', 'missing', 'nothing serves', runs(3)],
  ['G11', 'automatic', 'one whole run', runs(1)],
  ['G11', 'missing', 'no run', nothing],
  ['G12', 'automatic', 'newer data by a schedule', runs(2), /started by schedule/],
  ['G12', 'manual', 'newer data by hand', runs(3, { cause: 'manual', actor: 'human' })],
  ['G12', 'missing', 'the same data again', runs(3, { dataset: 1 })],
  ['G12', 'missing', 'the first run alone', runs(1)],
  ['G13', 'automatic', 'the tested bundle', all(deployed, runs(3))],
  ['G13', 'insufficient', 'two runs', all(deployed, runs(2))],
  ['G13', 'missing', 'the working tree', all(deployed, runs(3, { sha: null }))],
  ['G13', 'missing', 'tests that failed', all(deployedWith({ failing: ['tests'] }), runs(3))],
  ['G15', 'automatic', 'by the system', released(2)],
  [
    'G15',
    'manual',
    'by a person',
    released(2, { promotedBy: 'ada' }),
    /A person took 1 of 2 versions to 100 %: late 2/,
  ],
  ['G15', 'missing', 'nothing released', runs(2)],
  ['G16', 'automatic', 'released from a deployed bundle', all(deployed, released(3))],
  ['G16', 'insufficient', 'two of them', all(deployed, released(2))],
  ['G16', 'missing', 'never deployed', released(3), /3 of 3 production models did not come/],
  ['G16', 'missing', 'deployed only afterwards', all(released(3), deployed)],
  ['G17', 'automatic', 'validated runs', runs(3)],
  ['G17', 'insufficient', 'two of them', runs(2)],
  [
    'G17',
    'missing',
    'one without',
    all(runs(3), runs(1, { run: 9, dataset: 9, validated: false })),
  ],
  ['G17', 'missing', 'none', nothing],
  ['G18', 'automatic', 'data that passed', runs(3), /No data broke its schema/],
  [
    'G18',
    'automatic',
    'and a run that was stopped',
    all(runs(3), (history) => {
      history.tell(
        1,
        { type: 'run.failed', subject: ['run', 'run_9'] },
        { pipeline: 'train', code: 'DATASET_INVALID' },
      );
    }),
    /1 run on broken data ended before training/,
  ],
  ['G18', 'missing', 'trained on data that failed', runs(3, { validationPassed: false })],
  ['G19', 'insufficient', 'no change was seen', runs(3), /No significant change/],
  [
    'G19',
    'automatic',
    'an alarm that started a run',
    (history) => {
      const eventId = tellAlarm(history, { alarm: 1, daysAgo: 9, version: 1 });
      tellRun(history, { run: 1, daysAgo: 9, cause: 'alarm', causeEventId: eventId });
    },
  ],
  [
    'G19',
    'missing',
    'an alarm nobody answered',
    (history) => {
      tellAlarm(history, { alarm: 1, daysAgo: 9, version: 1 });
    },
    /1 change of statistics in the window and no run/,
  ],
  ['G20', 'automatic', 'measured candidates', runs(3)],
  ['G20', 'insufficient', 'two of them', runs(2)],
  ['G20', 'missing', 'without test rows', runs(3, { unmeasured: true }), /Name metrics:/],
  ['G21', 'automatic', 'compared', runs(3)],
  ['G21', 'missing', 'without the gate', runs(3, { gates: ['service'] }), /Add the gate beats/],
  [
    'G21',
    'automatic',
    'one that failed as a service is asked nothing more',
    all(runs(3), (history) => {
      tellRun(history, { run: 9, daysAgo: 1, refusedBy: 'service' });
    }),
    /Each of the 3 candidates/,
  ],
  ['G22', 'automatic', 'slices', runs(3)],
  ['G22', 'insufficient', 'of one', runs(1), /Only 1 candidate in the window; it was judged/],
  ['G22', 'missing', 'without the gate', runs(3, { gates: ['service', 'beats'] })],
  ['G23', 'automatic', 'a gateway', runs(3)],
  ['G23', 'missing', 'no gate at all', runs(3, { gates: [] })],
  ['G24', 'automatic', 'canaries', released(4)],
  ['G24', 'insufficient', 'two replacements', released(3)],
  ['G24', 'missing', 'straight to 100 %', released(4, { direct: true })],
  ['G24', 'missing', 'the first version alone', released(1)],
  ['G25', 'automatic', 'compared features', runs(3)],
  ['G25', 'missing', 'without the skew gate', runs(3, { gates: ['service', 'beats'] })],
  ['G26', 'automatic', 'whole records', runs(3)],
  ['G26', 'insufficient', 'two', runs(2)],
  ['G26', 'missing', 'without metrics', runs(3, { unmeasured: true }), /did not leave metrics/],
  ['G04', 'automatic', 'a tested change', deployed, /The one pipeline change/],
  ['G04', 'missing', 'failed tests', deployedWith({ failing: ['tests'] })],
  ['G04', 'missing', 'no change', runs(3), /No pipeline was deployed/],
  ['G05', 'automatic', 'a commit', deployed],
  ['G05', 'missing', 'out of band', deployedWith({ outOfBand: true }), /came from no commit/],
  [
    'G05',
    'manual',
    'a person deployed',
    (history) => {
      tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 4 });
      tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 4, actor: 'ada' });
    },
  ],
  ['G28', 'automatic', 'seven components', all(deployed, runs(1))],
  ['G28', 'missing', 'no source control', runs(1), /none of source control/],
  [
    'G29',
    'automatic',
    'one commit all the way',
    all(deployed, released(1), (history) => {
      tellWindows(history, { daysAgo: 3, version: 1 });
    }),
    /Commit aaaaaaa1 was tested/,
  ],
  ['G29', 'missing', 'not yet watched', all(deployed, released(1))],
  ['G29', 'missing', 'no change', released(1)],
  ...(['G31', 'G32', 'G33', 'G34', 'G35', 'G36'] as const).flatMap((id): typeof cases => {
    const kind = {
      G31: 'tests',
      G32: 'tests',
      G33: 'training-learns',
      G34: 'finite-answers',
      G35: 'outputs-made',
      G36: 'steps-fit',
    }[id];
    return [
      [id, 'automatic', 'the check passed', deployed],
      [id, 'missing', 'the check failed', deployedWith({ failing: [kind] })],
      [id, 'missing', 'the check was skipped', deployedWith({ skipped: [kind] })],
      [id, 'missing', 'no change', runs(3)],
    ];
  }),
  ...(['G37', 'G38', 'G39', 'G41'] as const).flatMap((id): typeof cases => [
    [id, 'automatic', 'three that passed before', released(3)],
    [id, 'insufficient', 'two', released(2)],
    [
      id,
      'missing',
      'judged only afterwards',
      (history) => {
        for (let run = 1; run <= 3; run += 1) {
          tellRelease(history, { version: run, daysAgo: 10, previous: null });
          tellRun(history, { run, daysAgo: 9 });
        }
      },
    ],
  ]),
  ['G40', 'automatic', 'validated runs', runs(3)],
  ['G40', 'missing', 'none validated', runs(3, { validated: false })],
  ['G42', 'automatic', 'deployed to test', throughStages('ada', 3)],
  ['G42', 'missing', 'straight into force', deployed, /never went to test/],
  ['G43', 'manual', 'by a person after review', throughStages('ada', 3)],
  ['G43', 'missing', 'straight into force', deployed],
  ['G44', 'manual', 'by a person after three runs', throughStages('ada', 3)],
  ['G44', 'missing', 'after two runs', throughStages('ada', 2)],
  ['G44', 'missing', 'by the system', throughStages('auto', 3)],
  ['G44', 'missing', 'no environment', deployed, /names the environment production/],
];

test.each(cases)('%s is %s: %s', (id, state, _what, tell, reason) => {
  const judged = judge(id, tell);
  expect([judged.state, judged.reason]).toEqual([state, expect.stringMatching(reason ?? /\.$/)]);
  expect(judged.proof.length > 0).toBe(state !== 'missing' && judged.n > 0);
});

const triggers = ['schedule', 'new-data', 'manual'].map((kind) => ({
  trigger: `train/${kind}`,
  kind,
  pipeline: 'train',
}));

test('G27 asks for a run of every kind of trigger that is switched on, but manual', () => {
  const both = all(runs(1), runs(2, { cause: 'new-data' }));
  expect(judge('G27', both, triggers)).toMatchObject({ state: 'automatic', n: 3 });
  expect(judge('G27', runs(2), triggers)).toMatchObject({
    state: 'missing',
    reason: '2 firings of triggers in the window; none of kind new-data.',
  });
  expect(judge('G27', runs(2), [])).toMatchObject({ state: 'missing' });
});

test('every requirement has been seen in a state of its own making', () => {
  const seen = new Set([...cases.map(([id]) => id), 'G27']);
  expect(requirements.map((one) => one.id).filter((id) => !seen.has(id))).toEqual([]);
  expect(new Set(requirements.map((one) => one.id)).size).toBe(requirements.length);
});

test('evidence of before the window proves nothing', () => {
  const old: Tell = (history) => {
    for (let run = 1; run <= 3; run += 1) {
      tellRun(history, { run, daysAgo: 120 - run });
      tellRelease(history, {
        version: run,
        daysAgo: 110 - run,
        previous: run === 1 ? null : run - 1,
      });
    }
  };
  for (const id of ['G02', 'G11', 'G12', 'G15', 'G17', 'G20', 'G21', 'G23', 'G24', 'G26'])
    expect([id, judge(id, old).state]).toEqual([id, 'missing']);
});

test('an ad hoc run is an experiment: it stands for no pipeline, and its model comes before no gate', () => {
  const tell = all(deployed, runs(3), (history) => {
    tellRun(history, { run: 9, daysAgo: 1, sha: null, validated: false, workingTree: true });
  });
  for (const id of ['G13', 'G17', 'G18', 'G20', 'G21', 'G22', 'G23', 'G26'])
    expect(judge(id, tell), id).toMatchObject({ state: 'automatic', n: 3 });
});

test('what is refused before any gate was asked lacks no gate', () => {
  const tell = all(runs(3), (history) => {
    history.tell(
      1,
      { type: 'candidate.refused', subject: ['model', 'late'] },
      { model: 'late', version: null, runId: 'run_9', reasons: ['No such folder.'], gates: [] },
    );
  });
  expect(judge('G23', tell)).toMatchObject({ state: 'automatic', n: 3 });
});

test('a version that a step registered by itself belongs to the run that adopted it', () => {
  const adopted = (history: History): void => {
    for (let run = 1; run <= 3; run += 1) {
      tellRun(history, { run, daysAgo: 30 - 3 * run, adopted: true });
      tellRelease(history, {
        version: run,
        daysAgo: 29 - 3 * run,
        previous: run === 1 ? null : run - 1,
      });
    }
  };
  for (const id of ['G02', 'G17', 'G20', 'G21', 'G26'])
    expect(judge(id, adopted), id).toMatchObject({ state: 'automatic', n: 3 });
});

test('a champion that is put back is no deployment', () => {
  const judged = judge('G15', (history) => {
    released(2)(history);
    tellRelease(history, {
      version: 1,
      daysAgo: 1,
      previous: 2,
      direct: true,
      promotedBy: 'ada',
      release: 'release_again',
    });
  });
  expect(judged).toMatchObject({ state: 'automatic', n: 2 });
});
