import type {
  DeliveryFigure,
  MaturityRequirement,
  MaturityTest,
  MaturityView,
} from '../contract/views/maturity-view.ts';
import type { Event } from '../events/event.ts';
import { figures } from './delivery/index.ts';
import type { Figure } from './delivery/figure.ts';
import type { Evidence } from './evidence.ts';
import { mlTests } from './ml-tests/index.ts';
import type { MlTest } from './ml-tests/ml-test.ts';
import { requirements } from './requirements/index.ts';
import { suffices, type Requirement } from './requirements/requirement.ts';
import { counted } from './words.ts';

/** Evidence shown of one cell. */
const MOST_EVIDENCE = 20;

type Tables = {
  requirements: readonly Requirement[];
  tests: readonly MlTest[];
  figures: readonly Figure[];
};

/**
 * Google's level, the ML Test Score and the figures of delivery, from evidence alone. Pure. A level holds when all that
 * it and the levels below it ask for is met; the score is the least of the four sections' sums (Breck et al. 2017).
 */
export function judgeMaturity(
  evidence: Evidence,
  tables: Tables = { requirements, tests: mlTests, figures },
): MaturityView {
  const judged = tables.requirements.map((requirement) => {
    const judgement = requirement.judge(evidence);
    const cell: MaturityRequirement = {
      id: requirement.id,
      level: requirement.level,
      title: requirement.title,
      state: judgement.state,
      reason: judgement.reason,
      n: judgement.n,
      evidence: idsOf(judgement.proof),
    };
    return { cell, open: !suffices(requirement, judgement) };
  });
  const openAt = (level: number): string[] =>
    judged.filter((one) => one.open && one.cell.level === level).map((one) => one.cell.id);
  const level = openAt(1).length > 0 ? 0 : openAt(2).length > 0 ? 1 : 2;
  const cells = judged.map((one) => one.cell);
  const next = [...openAt(1), ...openAt(2)].slice(0, 3);
  return {
    window: evidence.window,
    level,
    sentence: sentenceOf(level, cells, { open: level === 0 ? openAt(1) : openAt(2) }),
    requirements: cells,
    shares: sharesOf(cells),
    testScore: scoreOf(tables.tests.map((test) => cellOf(test, evidence))),
    delivery: tables.figures.flatMap((figure) => figureCells(figure, evidence)),
    next,
  };
}

/** Newest first. */
function idsOf(proof: readonly Event[]): string[] {
  return [...new Set(proof)]
    .sort((a, b) => b.position - a.position)
    .slice(0, MOST_EVIDENCE)
    .map((event) => event.eventId);
}

const LEVELS = [
  'Level 0: the way from data to a model in production is not yet proven to go by itself',
  'Level 1: models are trained and delivered by themselves',
  'Level 2: pipelines, too, are tested and delivered by themselves',
] as const;

function sentenceOf(
  level: 0 | 1 | 2,
  cells: readonly MaturityRequirement[],
  found: { open: readonly string[] },
): string {
  if (level === 2) return `${LEVELS[2]}.`;
  const wanted = cells.filter((cell) => cell.level === level + 1).length;
  return `${LEVELS[level]}; ${counted(found.open.length, 'requirement')} of ${wanted} still ${found.open.length === 1 ? 'stands' : 'stand'} between it and level ${level + 1}.`;
}

/** What is not enough to tell counts as missing here. */
function sharesOf(cells: readonly MaturityRequirement[]): MaturityView['shares'] {
  const share = (state: string): number =>
    cells.length === 0 ? 0 : cells.filter((cell) => cell.state === state).length / cells.length;
  const [automatic, manual] = [share('automatic'), share('manual')];
  return { automatic, manual, missing: cells.length === 0 ? 0 : 1 - automatic - manual };
}

function cellOf(test: MlTest, evidence: Evidence): MaturityTest {
  const { score, reason, proof } = test.judge(evidence);
  const { id, section, title } = test;
  return { id, section, title, score, reason, evidence: idsOf(proof) };
}

/** Bands of Breck et al. 2017, table IV. */
const BANDS: readonly [above: number, words: string][] = [
  [5, 'Exceptional levels of automated testing and monitoring.'],
  [3, 'Strong levels of automated testing and monitoring, right for mission-critical systems.'],
  [2, 'Reasonably tested; more of the tests and procedures could be automated.'],
  [1, 'A first pass at what production needs; further investment may be needed.'],
  [0, 'Not wholly untested; think of the possibility of serious holes in reliability.'],
];
const LOWEST_BAND = 'More of a research project than a production system.';

export function bandOf(total: number): string {
  return BANDS.find(([above]) => total > above)?.[1] ?? LOWEST_BAND;
}

function scoreOf(tests: MaturityTest[]): MaturityView['testScore'] {
  const sum = (section: MaturityTest['section']): number =>
    tests.filter((test) => test.section === section).reduce((total, test) => total + test.score, 0);
  const sections = {
    data: sum('data'),
    model: sum('model'),
    infrastructure: sum('infrastructure'),
    monitoring: sum('monitoring'),
  };
  const total = Math.min(...Object.values(sections));
  return { total, sections, band: bandOf(total), tests };
}

/** One cell, or one a model when there are several. */
function figureCells(figure: Figure, evidence: Evidence): DeliveryFigure[] {
  const models = [...new Set(evidence.versions.map((story) => story.model))].sort();
  const many = figure.per === 'model' && models.length > 1;
  return (many ? models : [models[0] ?? '']).map((model) => {
    const { value, p90, n, note, proof } = figure.measure(evidence, model);
    return {
      id: many ? `${figure.id}@${model}` : figure.id,
      title: many ? `${figure.title} (${model})` : figure.title,
      value,
      p90,
      unit: figure.unit,
      n,
      note,
      evidence: idsOf(proof),
    };
  });
}
