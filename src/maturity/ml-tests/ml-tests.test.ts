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
  wholeHistory,
  type History,
  type RunTold,
} from '../../../test/harness/event-history.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { rankCorrelation } from '../rank-correlation.ts';
import { mlTests } from './index.ts';
import { scored } from './ml-test.ts';

const DAYS = 90;
type Tell = (history: History) => void;

function judge(id: string, tell: Tell) {
  const history = emptyHistory();
  tell(history);
  const one = mlTests.find((candidate) => candidate.id === id);
  if (!one) throw new Error(`no test ${id}`);
  return one.judge(
    gatherEvidence(history.events, {
      window: { fromMs: HISTORY_END_MS - DAYS * 864e5, toMs: HISTORY_END_MS, days: DAYS },
      triggers: [],
      counts: { predictions: [], events: 0, sealed: 0 },
    }),
  );
}

const nothing: Tell = () => undefined;
const all =
  (...parts: Tell[]): Tell =>
  (history) => {
    for (const part of parts) part(history);
  };
/** A model that serves, after one before it. */
const serving =
  (part: Partial<RunTold> = {}): Tell =>
  (history) => {
    tellRun(history, { run: 1, daysAgo: 20 });
    tellRelease(history, { version: 1, daysAgo: 19, previous: null });
    tellRun(history, { run: 2, daysAgo: 10, ...part });
    tellRelease(history, { version: 2, daysAgo: 9, previous: 1 });
  };
const watched =
  (...kinds: string[]): Tell =>
  (history) => {
    tellWindows(history, { daysAgo: 2, version: 2, kinds });
  };
const committed =
  (part: Partial<Parameters<typeof tellCommit>[1]> = {}): Tell =>
  (history) => {
    tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 30, ...part });
    tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 30 });
  };
const NEVER = ['D2', 'D3', 'D4', 'D5', 'M4', 'M7', 'I1', 'I5'];

const cases: [id: string, score: 0 | 0.5 | 1, what: string, tell: Tell][] = [
  ['D1', 1, 'training and serving validated', all(serving(), watched('checks'))],
  ['D1', 0.5, 'training alone', serving()],
  [
    'D1',
    0.5,
    'an accepted schema alone',
    all(serving({ validated: false }), (history) => {
      history.tell(3, { type: 'dataset.schema-accepted', subject: ['dataset', 'flights'] });
    }),
  ],
  ['D1', 0, 'neither', serving({ validated: false })],
  [
    'D6',
    0.5,
    'a feature view in production',
    all((history) => {
      history.tell(
        30,
        { type: 'feature.view-defined', subject: ['feature-view', 'delay'] },
        { view: 'delay', digest: 'sha256:view' },
      );
    }, serving()),
  ],
  ['D6', 0, 'no view defined', serving()],
  ['D7', 0.5, 'tests passed', committed()],
  ['D7', 0, 'tests failed', committed({ failing: ['tests'] })],
  ['D7', 0, 'no commit', serving()],
  ['M1', 0.5, 'a commit', committed()],
  ['M1', 0, 'no commit', nothing],
  [
    'M2',
    1,
    'five versions offline and online',
    (history) => {
      for (let run = 1; run <= 5; run += 1) {
        tellRun(history, { run, daysAgo: 60 - 5 * run });
        tellRelease(history, {
          version: run,
          daysAgo: 59 - 5 * run,
          previous: run === 1 ? null : run - 1,
        });
        tellWindows(history, { version: run, daysAgo: 57 - 5 * run, kinds: ['quality'] });
      }
    },
  ],
  ['M2', 0, 'one version', all(serving(), watched('quality'))],
  [
    'M3',
    0.5,
    'three sets of parameters',
    (history) => {
      for (const l2 of [1, 2, 3]) tellRun(history, { run: l2, daysAgo: l2, parameters: { l2 } });
    },
  ],
  ['M3', 0, 'one set', serving()],
  ['M5', 1, 'beats the baseline', serving()],
  ['M5', 0, 'compared with the champion alone', serving({ against: 'version 1' })],
  ['M5', 0, 'lost against the baseline', serving({ refusedBy: 'beats' })],
  ['M6', 1, 'passed by slice', serving()],
  ['M6', 0, 'no gate', serving({ gates: ['service'] })],
  ['I2', 1, 'tests and checks passed', committed()],
  ['I2', 0.5, 'the checks alone', committed({ skipped: ['tests'] })],
  ['I2', 0, 'none', committed({ failing: ['tests', 'training-learns', 'finite-answers'] })],
  ['I3', 1, 'a commit from end to end', committed()],
  [
    'I3',
    0.5,
    'a person from end to end',
    (history) => {
      tellRun(history, { run: 1, daysAgo: 3, cause: 'manual', actor: 'human' });
    },
  ],
  ['I3', 0, 'neither', serving()],
  ['I4', 1, 'gates before', serving()],
  ['I4', 0, 'no gates', serving({ gates: [] })],
  ['I6', 1, 'canaried', serving()],
  [
    'I6',
    0,
    'the first version',
    (history) => {
      tellRun(history, { run: 1, daysAgo: 20 });
      tellRelease(history, { version: 1, daysAgo: 19, previous: null });
    },
  ],
  [
    'I7',
    1,
    'a rollback',
    all(serving(), (history) => {
      tellRelease(history, { version: 3, daysAgo: 2, previous: 2, caught: true });
    }),
  ],
  ['I7', 0, 'none', serving()],
  [
    'O1',
    0.5,
    'value skew was noticed',
    (history) => {
      history.tell(2, { type: 'dataset.value-skew', subject: ['dataset', 'flights'] });
    },
  ],
  ['O1', 0, 'nothing noticed', serving()],
  ['O2', 1, 'inputs judged', all(serving(), watched('input-drift'))],
  ['O2', 0, 'no such monitor', all(serving(), watched('service'))],
  ['O3', 1, 'served features compared', serving()],
  ['O3', 0, 'no gate', serving({ gates: ['service'] })],
  ['O4', 0.5, 'an age is known', serving()],
  ['O4', 0, 'nothing serves', nothing],
  ['O5', 1, 'checked and counted', all(committed(), serving(), watched('service'))],
  ['O5', 0, 'counted alone', all(serving(), watched('service'))],
  ['O6', 1, 'compared and watched', all(serving(), watched('service'))],
  ['O6', 0.5, 'measured once', serving()],
  ['O6', 0, 'nothing serves', nothing],
  ['O7', 1, 'judged by labels', all(serving(), watched('quality'))],
  ['O7', 0, 'no monitor', serving()],
];

test.each(cases)('%s scores %d: %s', (id, score, _what, tell) => {
  const judged = judge(id, tell);
  expect([judged.score, judged.reason]).toEqual([score, expect.stringMatching(/[.)}]$/)]);
  expect(judged.proof.length > 0).toBe(score > 0);
});

test('what Rondo does not do yet scores 0, whatever happened', () => {
  for (const id of NEVER) {
    const judged = judge(id, (history) => {
      history.events.push(...wholeHistory().events);
    });
    expect([id, judged.score, judged.proof]).toEqual([id, 0, []]);
  }
});

test('all 28 tests are there, seven a section, each seen in a state of its own making', () => {
  expect(mlTests.map((one) => one.id)).toEqual(
    ['D', 'M', 'I', 'O'].flatMap((letter) => [1, 2, 3, 4, 5, 6, 7].map((n) => `${letter}${n}`)),
  );
  const seen = new Set([...cases.map(([id]) => id), ...NEVER]);
  expect(mlTests.map((one) => one.id).filter((id) => !seen.has(id))).toEqual([]);
});

test('a test counts for every model in production, or not', () => {
  const two: Tell = (history) => {
    serving()(history);
    tellRun(history, { run: 7, daysAgo: 8, model: 'other', gates: ['service'] });
    tellRelease(history, { version: 7, daysAgo: 7, model: 'other', previous: null });
  };
  expect(judge('M6', two)).toMatchObject({ score: 0 });
  expect(judge('M6', two).reason).toContain('other 7');
});

test('an alarm is no evidence of a monitor that watches the version that serves', () => {
  const judged = judge('O7', (history) => {
    serving()(history);
    tellAlarm(history, { alarm: 1, daysAgo: 2, version: 1 });
  });
  expect(judged.score).toBe(0);
});

test.each([
  [[1, 2, 3, 4, 5], [2, 4, 6, 8, 10], 1],
  [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], -1],
  // scipy.stats.spearmanr([1, 2, 2, 4, 5], [3, 1, 4, 4, 6]) = 0.7631578947368421
  [[1, 2, 2, 4, 5], [3, 1, 4, 4, 6], 0.7631578947368421],
  [[1, 1, 1], [1, 2, 3], 0],
])('the rank correlation of %j and %j is %d', (left, right, wanted) => {
  expect(rankCorrelation(left, right)).toBeCloseTo(wanted, 12);
});

test('a score without an event to prove it is none', () => {
  expect(scored(1, 'It is so.', [undefined])).toEqual({
    score: 0,
    reason: 'It is so. No event proves it.',
    proof: [],
  });
});
