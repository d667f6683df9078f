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
} from '../../../test/harness/event-history.ts';
import type { Counts } from '../evidence.ts';
import { gatherEvidence } from '../gather-evidence.ts';
import { judgeMaturity } from '../judge-maturity.ts';
import { named, span } from '../words.ts';
import { figures } from './index.ts';

const DAYS = 90;
const COUNTS: Counts = {
  predictions: [
    { model: 'late', requests: 1000, labelled: 900 },
    { model: 'other', requests: 10, labelled: 1 },
  ],
  events: 400,
  sealed: 399,
};

function measure(id: string, tell: (history: History) => void) {
  const history = emptyHistory();
  tell(history);
  const view = judgeMaturity(
    gatherEvidence(history.events, {
      window: { fromMs: HISTORY_END_MS - DAYS * 864e5, toMs: HISTORY_END_MS, days: DAYS },
      triggers: [],
      counts: COUNTS,
    }),
  );
  const cell = view.delivery.find((one) => one.id === id);
  if (!cell) throw new Error(`no figure ${id}: ${view.delivery.map((one) => one.id).join(' ')}`);
  return cell;
}

/** Version 1 to n, trained 10 days apart and released after 1, 2, 3, ... days. */
function released(history: History, count: number): void {
  for (let run = 1; run <= count; run += 1) {
    tellRun(history, { run, daysAgo: 80 - 10 * run });
    tellRelease(history, {
      version: run,
      daysAgo: 80 - 10 * run - run,
      previous: run === 1 ? null : run - 1,
    });
  }
}

test('deployments a week, once there are three', () => {
  expect(measure('deployment-frequency-model', (history) => released(history, 3))).toMatchObject({
    value: 3 / (90 / 7),
    n: 3,
    unit: 'a week',
  });
  expect(measure('deployment-frequency-model', (history) => released(history, 2))).toMatchObject({
    value: null,
    n: 2,
    note: '2 deployed versions in the window; at least 3 are needed. Rollbacks are not counted.',
  });
});

test('pipelines are counted apart from models', () => {
  const cell = measure('deployment-frequency-pipeline', (history) => {
    released(history, 1);
    for (const [index, sha] of ['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'].entries()) {
      tellCommit(history, { sha, daysAgo: 5 - index });
      tellDeployment(history, { sha, daysAgo: 5 - index });
    }
  });
  expect(cell).toMatchObject({ value: 3 / (90 / 7), n: 3 });
});

test('lead time of data: median and 90th percentile of 1, 2, 3, 4, 5 days', () => {
  const cell = measure('lead-time-data', (history) => released(history, 5));
  expect(cell).toMatchObject({ value: 3 * 24, p90: 110.4, n: 5, unit: 'hours' });
  expect(cell.note).toContain('Medians: queue no time, training no time');
});

test('lead time of code: from the commit to the first model in production trained after it', () => {
  const cell = measure('lead-time-code', (history) => {
    for (const [index, sha] of ['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'].entries()) {
      const start = 60 - 15 * index;
      tellCommit(history, { sha, daysAgo: start });
      tellDeployment(history, { sha, daysAgo: start - 1 });
      tellRun(history, { run: index + 1, daysAgo: start - 2, sha });
      tellRelease(history, {
        version: index + 1,
        daysAgo: start - 3 - index,
        previous: index === 0 ? null : index,
      });
    }
  });
  expect(cell).toMatchObject({ value: 4 * 24, n: 3 });
  expect(cell.note).toContain('queue 1 day');
});

test('a commit that no run used has no lead time', () => {
  const cell = measure('lead-time-code', (history) => {
    tellCommit(history, { sha: 'aaaaaaa1', daysAgo: 30 });
    tellDeployment(history, { sha: 'aaaaaaa1', daysAgo: 30 });
    tellRun(history, { run: 1, daysAgo: 10, sha: null });
    tellRelease(history, { version: 1, daysAgo: 9, previous: null });
  });
  expect(cell).toMatchObject({ value: null, n: 0 });
});

test('a change failed when its version was rolled back at 100 %, or alarmed soon', () => {
  const cell = measure('change-failure-rate', (history) => {
    released(history, 4);
    // Version 4 serves since 44 - 4 = 36 days ago.
    tellAlarm(history, { alarm: 1, daysAgo: 34, version: 4 });
    // Drift is no fault of the version, and an alarm of long after is none either.
    tellAlarm(history, { alarm: 2, daysAgo: 33, version: 4, kind: 'input-drift' });
    tellRelease(history, { version: 5, daysAgo: 20, previous: 4, caught: true });
  });
  expect(cell).toMatchObject({ value: 1 / 4, n: 4 });
  expect(cell.note).toContain('1 release caught before 100 % not counted');
});

test('an alarm more than a week after is not held against the change', () => {
  const cell = measure('change-failure-rate', (history) => {
    released(history, 4);
    tellAlarm(history, { alarm: 1, daysAgo: 20, version: 4 });
  });
  expect(cell).toMatchObject({ value: 0, n: 4 });
});

test('a rollback at 100 % is a failure and a rework', () => {
  const tell = (history: History): void => {
    released(history, 3);
    history.tell(
      40,
      { type: 'release.rolled-back', subject: ['release', 'release_late_3'], actor: 'ada' },
      { endpoint: 'late', model: 'late', version: '3', champion: '2', stage: '100%' },
    );
    tellRelease(history, {
      version: 2,
      daysAgo: 40,
      previous: 3,
      direct: true,
      promotedBy: 'ada',
      release: 'release_again',
    });
  };
  expect(measure('change-failure-rate', tell)).toMatchObject({ value: 1 / 3, n: 3 });
  expect(measure('rework-rate', tell)).toMatchObject({ value: 1 / 4, n: 4 });
  expect(measure('deployment-frequency-model', tell)).toMatchObject({ n: 3 });
});

test('recovery time is that of alarms of quality and service that ended', () => {
  const cell = measure('recovery-time', (history) => {
    released(history, 1);
    for (const [alarm, days] of [1, 2, 3].entries())
      tellAlarm(history, { alarm, daysAgo: 30, version: 1, closedAfterDays: days });
    tellAlarm(history, {
      alarm: 9,
      daysAgo: 30,
      version: 1,
      kind: 'score-drift',
      closedAfterDays: 20,
    });
    tellAlarm(history, { alarm: 10, daysAgo: 30, version: 1 });
  });
  expect(cell).toMatchObject({ value: 48, n: 3 });
});

test('retrain latency begins with the first bad window', () => {
  const cell = measure('retrain-latency', (history) => {
    for (let run = 1; run <= 3; run += 1) {
      const daysAgo = 70 - 20 * run;
      const causeEventId = tellAlarm(history, { alarm: run, daysAgo, version: run - 1 });
      tellRun(history, { run, daysAgo, cause: 'alarm', causeEventId });
      tellRelease(history, {
        version: run,
        daysAgo: daysAgo - run,
        previous: run === 1 ? null : run - 1,
      });
    }
  });
  // Seven days of the window, and one, two or three of the release.
  expect(cell).toMatchObject({ value: 9 * 24, n: 3 });
});

test('ages are of the version that serves now, however old', () => {
  const tell = (history: History): void => {
    tellRun(history, { run: 1, daysAgo: 200 });
    tellRelease(history, { version: 1, daysAgo: 199, previous: null });
  };
  expect(measure('model-age', tell)).toMatchObject({
    value: 200,
    n: 1,
    evidence: ['event_000009'],
  });
  expect(measure('data-age', tell)).toMatchObject({ value: 201, n: 1 });
  expect(measure('staleness-ratio', tell)).toMatchObject({ value: null, n: 0 });
});

test("people's steps are counted on the way of each deployment", () => {
  const cell = measure('human-steps', (history) => {
    for (let run = 1; run <= 3; run += 1) {
      tellRun(history, {
        run,
        daysAgo: 30 - run,
        ...(run > 1 ? { actor: 'human', cause: 'manual' } : {}),
      });
      tellRelease(history, {
        version: run,
        daysAgo: 20 - run,
        previous: run === 1 ? null : run - 1,
        ...(run === 3 ? { promotedBy: 'ada' } : {}),
      });
    }
  });
  expect(cell).toMatchObject({ value: 1, n: 3 });
});

test('labels and audit come from counts, and need an event to stand on', () => {
  const tell = (history: History): void => {
    released(history, 1);
    tellWindows(history, { daysAgo: 2, version: 1 });
  };
  expect(measure('labelled-predictions', tell)).toMatchObject({ value: 0.9, n: 1000 });
  expect(measure('labelled-predictions', () => undefined)).toMatchObject({ value: null });
  expect(measure('audit-coverage', tell)).toMatchObject({ value: 399 / 400, n: 400 });
  expect(measure('audit-coverage', () => undefined)).toMatchObject({ value: null });
});

test('figures of two models stand apart and are never averaged', () => {
  const tell = (history: History): void => {
    released(history, 3);
    tellRun(history, { run: 7, daysAgo: 8, model: 'other' });
    tellRelease(history, { version: 7, daysAgo: 7, model: 'other', previous: null });
  };
  expect(measure('deployment-frequency-model@late', tell)).toMatchObject({ n: 3 });
  expect(measure('deployment-frequency-model@other', tell)).toMatchObject({ n: 1, value: null });
  expect(measure('model-age@other', tell)).toMatchObject({ value: 8 });
  expect(measure('cache-hit-rate', tell)).toMatchObject({ value: 0 });
});

test('every figure has a name of its own', () => {
  expect(new Set(figures.map((figure) => figure.id)).size).toBe(figures.length);
});

test('words: spans and lists', () => {
  expect([0, 950, 1500, 12 * 6e4, 36e5, 2.6 * 864e5].map(span)).toEqual([
    'no time',
    '950 milliseconds',
    '1.5 seconds',
    '12 minutes',
    '1 hour',
    '2.6 days',
  ]);
  expect(named(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
});
