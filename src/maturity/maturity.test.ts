import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyHistory, HISTORY_END_MS, wholeHistory } from '../../test/harness/event-history.ts';
import type { MaturityView } from '../contract/views/maturity-view.ts';
import type { Event } from '../events/event.ts';
import type { Counts, EnabledTrigger, Evidence } from './evidence.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { bandOf, judgeMaturity } from './judge-maturity.ts';
import { figures } from './delivery/index.ts';
import { mlTests } from './ml-tests/index.ts';
import { requirements } from './requirements/index.ts';
import type { Requirement } from './requirements/requirement.ts';

const DAYS = 90;
const TRIGGERS: EnabledTrigger[] = ['schedule', 'new-data', 'alarm'].map((kind) => ({
  trigger: `train/${kind}`,
  kind,
  pipeline: 'train',
}));
const COUNTS: Counts = {
  predictions: [{ model: 'late', requests: 9000, labelled: 8000 }],
  events: 900,
  sealed: 890,
};

function evidenceOf(events: readonly Event[], toMs = HISTORY_END_MS): Evidence {
  return gatherEvidence(events, {
    window: { fromMs: toMs - DAYS * 864e5, toMs, days: DAYS },
    triggers: TRIGGERS,
    counts: COUNTS,
  });
}

function judge(events: readonly Event[], toMs?: number): MaturityView {
  return judgeMaturity(evidenceOf(events, toMs));
}

/** Cells that claim something and prove it by nothing. */
function unproven(view: MaturityView): string[] {
  return [
    ...view.requirements
      .filter(
        (cell) =>
          cell.state !== 'missing' &&
          !(cell.state === 'insufficient' && cell.n === 0) &&
          cell.evidence.length === 0,
      )
      .map((cell) => cell.id),
    ...view.testScore.tests
      .filter((cell) => cell.score > 0 && cell.evidence.length === 0)
      .map((cell) => cell.id),
    ...view.delivery
      .filter((cell) => cell.value !== null && cell.evidence.length === 0)
      .map((cell) => cell.id),
  ];
}

const whole = wholeHistory().events;
/** A history with events missing here and there. */
const partial = fc
  .tuple(
    fc.double({ min: 0, max: 0.4, noNaN: true }),
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
  )
  .map(([share, numbers]) => whole.filter(() => (numbers.next().value ?? 1) >= share));

describe('a project that meets everything', () => {
  const view = judge(whole);

  test('is of level 2', () => {
    const open = view.requirements.filter((cell) => cell.state !== 'automatic');
    expect(open.map((cell) => [cell.id, cell.state])).toEqual([['G44', 'manual']]);
    expect(view).toMatchObject({ level: 2, next: [], window: { days: DAYS } });
    expect(view.sentence).toBe('Level 2: pipelines, too, are tested and delivered by themselves.');
  });

  test('each share is of all requirements', () => {
    const { automatic, manual, missing } = view.shares;
    expect(automatic + manual + missing).toBeCloseTo(1, 12);
    expect(manual).toBeCloseTo(1 / requirements.length, 12);
  });

  test('the score is the least of the four sections', () => {
    const { sections, total, tests } = view.testScore;
    expect(tests).toHaveLength(28);
    for (const section of ['data', 'model', 'infrastructure', 'monitoring'] as const) {
      const own = tests.filter((cell) => cell.section === section);
      expect(own).toHaveLength(7);
      expect(own.reduce((sum, cell) => sum + cell.score, 0)).toBe(sections[section]);
    }
    expect(total).toBe(Math.min(...Object.values(sections)));
    expect(sections).toEqual({ data: 2, model: 3.5, infrastructure: 5, monitoring: 6 });
  });

  test('nothing is claimed without evidence', () => {
    expect(unproven(view)).toEqual([]);
    const known = new Set(whole.map((event) => event.eventId));
    for (const cell of [...view.requirements, ...view.testScore.tests, ...view.delivery]) {
      expect(cell.evidence.length).toBeLessThanOrEqual(20);
      expect(cell.evidence.filter((id) => !known.has(id))).toEqual([]);
    }
  });

  test('evidence is shown newest first', () => {
    for (const cell of view.requirements)
      expect(cell.evidence).toEqual(cell.evidence.toSorted().toReversed());
  });
});

test('without any event nothing is met and every cell says what would make it', () => {
  const view = judge([]);
  expect(view).toMatchObject({ level: 0, next: ['G02', 'G07', 'G11'] });
  expect(view.testScore).toMatchObject({ total: 0, band: bandOf(0) });
  for (const cell of view.requirements) {
    expect(cell.reason, cell.id).toMatch(/^[A-Z0-9].+\.$/);
    expect(['missing', 'insufficient']).toContain(cell.state);
  }
  expect(view.delivery.filter((cell) => cell.value !== null).map((cell) => cell.id)).toEqual([]);
});

test('a requirement that is judged without evidence is found', () => {
  const claimed: Requirement = {
    id: 'G99',
    level: 1,
    title: 'Says so itself',
    needs: 'nothing',
    asks: 'automatic',
    judge: () => ({ state: 'automatic', reason: 'Because.', n: 3, proof: [] }),
  };
  const tables = { requirements: [...requirements, claimed], tests: mlTests, figures };
  expect(unproven(judgeMaturity(evidenceOf(whole), tables))).toEqual(['G99']);
});

test.each([
  [0, 'More of a research project than a production system.'],
  [0.5, 'Not wholly untested; think of the possibility of serious holes in reliability.'],
  [1, 'Not wholly untested; think of the possibility of serious holes in reliability.'],
  [1.5, 'A first pass at what production needs; further investment may be needed.'],
  [3, 'Reasonably tested; more of the tests and procedures could be automated.'],
  [5, 'Strong levels of automated testing and monitoring, right for mission-critical systems.'],
  [5.5, 'Exceptional levels of automated testing and monitoring.'],
])('a score of %d lies in its band', (total, band) => {
  expect(bandOf(total)).toBe(band);
});

test('evidence ages out: the level falls by itself as time goes by', () => {
  const levels = [0, 30, 60, 91, 200].map(
    (days) => judge(whole, HISTORY_END_MS + days * 864e5).level,
  );
  expect(levels[0]).toBe(2);
  expect(levels.toSorted((a, b) => b - a)).toEqual(levels);
  expect(levels.at(-1)).toBe(0);
  const late = judge(whole, HISTORY_END_MS + 200 * 864e5);
  expect(late.requirements.filter((cell) => cell.state === 'automatic')).toEqual([]);
});

describe('whatever the history', () => {
  const rank = { missing: 0, insufficient: 1, manual: 2, automatic: 3 };

  test('nothing is claimed without evidence', () => {
    fc.assert(
      fc.property(partial, (events) => {
        expect(unproven(judge(events))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('an unrelated event never changes anything', () => {
    const unrelated = fc.constantFrom(
      'release.observed',
      'dataset.files-registered',
      'label.revised',
      'kpi.recorded',
      'model.alias-moved',
      'step.started',
      'maturity.declared',
    );
    fc.assert(
      fc.property(
        partial,
        fc.array(unrelated, { minLength: 1, maxLength: 20 }),
        (events, types) => {
          const more = emptyHistory();
          for (const type of types)
            more.tell(
              1,
              { type, subject: ['release', 'release_late_12'] },
              { model: 'late', state: 'passed' },
            );
          const added = more.events.map((event, index) => ({
            ...event,
            eventId: `event_withMore${index}`,
            position: 10_000 + index,
          }));
          const [withMore, less] = [judge([...events, ...added]), judge(events)].map((view) => ({
            ...view,
            // Every event is evidence of the audit chain.
            delivery: view.delivery.filter((cell) => cell.id !== 'audit-coverage'),
          }));
          expect(withMore).toEqual(less);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('removing events from a complete history never raises level, share or score', () => {
    const best = judge(whole);
    fc.assert(
      fc.property(partial, (events) => {
        const view = judge(events);
        expect(view.level).toBeLessThanOrEqual(best.level);
        expect(view.testScore.total).toBeLessThanOrEqual(best.testScore.total);
      }),
      { numRuns: 100 },
    );
  });

  test('removing one piece of evidence of a cell never raises that cell', () => {
    fc.assert(
      fc.property(partial, fc.nat(), fc.nat(), (events, which, piece) => {
        const evidence = evidenceOf(events);
        const met = requirements
          .map((requirement) => ({ requirement, judged: requirement.judge(evidence) }))
          .filter(({ judged }) => judged.proof.length > 0 && judged.state !== 'manual');
        const one = met[which % Math.max(1, met.length)];
        const gone = one?.judged.proof[piece % one.judged.proof.length];
        if (!one || !gone) return;
        const without = one.requirement.judge(evidenceOf(events.filter((event) => event !== gone)));
        expect(rank[without.state]).toBeLessThanOrEqual(rank[one.judged.state]);
      }),
      { numRuns: 200 },
    );
  });

  /** Removes what proves a cell, again and again where one of many is enough. */
  function withoutProof(judged: (evidence: Evidence) => { proof: readonly Event[]; met: boolean }) {
    let events: readonly Event[] = whole;
    for (let turn = 0; turn < 300; turn += 1) {
      const { proof, met } = judged(evidenceOf(events));
      if (!met) return 'not met';
      events = events.filter((event) => !proof.includes(event));
    }
    return 'still met';
  }

  test('a cell stands on its evidence: without it, it is not met', () => {
    for (const one of requirements) {
      const end = withoutProof((evidence) => {
        const { proof, state } = one.judge(evidence);
        return { proof, met: state === 'automatic' };
      });
      expect([one.id, end]).toEqual([one.id, 'not met']);
    }
    for (const one of mlTests) {
      const end = withoutProof((evidence) => {
        const { proof, score } = one.judge(evidence);
        return { proof, met: score > 0 };
      });
      expect([one.id, end]).toEqual([one.id, 'not met']);
    }
  });

  test('events that say nothing are no reason to fail', () => {
    const bare = emptyHistory();
    for (const type of new Set(whole.map((event) => event.type))) bare.tell(3, { type });
    expect(judge([...bare.events]).level).toBe(0);
    for (const seen of whole) {
      const hollow = whole.map((event) => (event === seen ? { ...event, data: {} } : event));
      expect(judge(hollow).requirements).toHaveLength(requirements.length);
    }
  });

  test('the order in which events are read does not matter', () => {
    expect(judge(whole.toReversed())).toEqual(judge(whole));
  });
});
