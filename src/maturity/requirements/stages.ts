import type { Event } from '../../events/event.ts';
import { byPerson, textOf } from '../event-data.ts';
import {
  promotions,
  trainedRuns,
  versionOf,
  within,
  type Evidence,
  type ReleaseStory,
} from '../evidence.ts';
import { counted, named } from '../words.ts';
import { changesWithin, NO_CHANGE, shaOf } from './commits.ts';
import { validatedBefore } from './data.ts';
import { gateFigure } from './gate-figure.ts';
import {
  everyCase,
  LEAST_CASES,
  missing,
  present,
  type Judgement,
  type Requirement,
} from './requirement.ts';

function everyModelServed(
  evidence: Evidence,
  rule: {
    has: string;
    lacks: string;
    remedy?: string;
    /** Verdicts that passed before the release began. */
    gates: readonly string[];
    proves?: (gate: Event) => boolean;
  },
): Judgement {
  return everyCase(promotions(evidence), {
    noun: 'production model',
    name: (release: ReleaseStory) => `${release.model} ${release.version}`,
    has: rule.has,
    lacks: rule.lacks,
    ...(rule.remedy === undefined ? {} : { remedy: rule.remedy }),
    proof(release) {
      const before = (release.started ?? release.promoted)?.position ?? 0;
      const gates = versionOf(evidence, release)?.gates ?? [];
      return gates.filter(
        (gate) =>
          rule.gates.includes(textOf(gate, 'gate') ?? '') &&
          textOf(gate, 'outcome') === 'passed' &&
          gate.position < before &&
          within(evidence.window, gate) &&
          (rule.proves?.(gate) ?? true),
      );
    },
    none: 'No version reached 100 % in the window.',
  });
}

const fitsTarget: Requirement = {
  id: 'G37',
  level: 2,
  title: 'A model is checked against what it will run on',
  needs:
    'Before its release every production model was loaded in a gateway of the same kind (gate service).',
  asks: 'automatic',
  judge: (evidence) =>
    everyModelServed(evidence, {
      has: 'was loaded in a gateway like the one it serves from',
      lacks: 'were not loaded in a gateway before their release',
      gates: ['service'],
    }),
};

const answersApi: Requirement = {
  id: 'G38',
  level: 2,
  title: 'The prediction API is called with expected inputs before the release',
  needs:
    'Before its release every production model answered its input example or its test rows in a gateway.',
  asks: 'automatic',
  judge: (evidence) =>
    everyModelServed(evidence, {
      has: 'answered expected inputs before its release',
      lacks: 'were asked nothing before their release',
      remedy: 'Keep an input_example.json in the model folder, or test rows.',
      gates: ['service'],
      proves: (gate) =>
        (gateFigure(gate, 'exampleRows') ?? 0) > 0 || (gateFigure(gate, 'requests') ?? 0) > 0,
    }),
};

const provesLoad: Requirement = {
  id: 'G39',
  level: 2,
  title: 'The service is load-tested: throughput and latency',
  needs:
    'Before its release every production model was asked until its latency was known (gate service).',
  asks: 'automatic',
  judge: (evidence) =>
    everyModelServed(evidence, {
      has: 'had its latency measured over many requests before its release',
      lacks: 'had no latency measured before their release',
      remedy: 'Keep test rows: test: under produces:.',
      gates: ['service'],
      proves: (gate) =>
        (gateFigure(gate, 'requests') ?? 0) >= 20 && gateFigure(gate, 'latencyP95Ms') !== null,
    }),
};

const validatesBatches: Requirement = {
  id: 'G40',
  level: 2,
  title: 'Data for retraining is validated',
  needs:
    'Every run that made a model had a validation of its data that ended before the model was made.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(trainedRuns(evidence), {
      noun: 'training run',
      name: (run) => run.runId,
      has: 'had its data validated',
      lacks: 'had no validation of its data',
      proof: (run) => validatedBefore(evidence, run),
      none: 'No run made a model in the window.',
    }),
};

const meetsTargets: Requirement = {
  id: 'G41',
  level: 2,
  title: 'A model meets its predictive targets before its release',
  needs: 'Before its release every production model passed the gate metric or beats.',
  asks: 'automatic',
  judge: (evidence) =>
    everyModelServed(evidence, {
      has: 'met its targets before its release',
      lacks: 'were held against no target before their release',
      remedy: 'Add the gate metric or beats.',
      gates: ['metric', 'beats'],
    }),
};

/** Deployments to an environment, of the bundles that changed in the window. */
function deployedTo(evidence: Evidence, environment: string): Judgement {
  const all = changesWithin(evidence);
  if (all.length === 0) return missing(NO_CHANGE);
  const there = all.filter((change) => change.environment === environment);
  const bundles = [...new Set(all.map((change) => change.bundle ?? change.sha))];
  const without = bundles.filter(
    (bundle) => !there.some((change) => (change.bundle ?? change.sha) === bundle),
  );
  if (without.length > 0) {
    return missing(
      `${without.length} of ${counted(bundles.length, 'pipeline version')} of the window never went to ${environment}: deployments go straight into force.`,
      bundles.length,
    );
  }
  const proof = present(there.flatMap((change) => [change.commit, change.deployed]));
  const hand = there.filter((change) => byPerson(change.deployed));
  return {
    state: hand.length > 0 ? 'manual' : 'automatic',
    reason: `${counted(bundles.length, 'pipeline version')} deployed to ${environment}${hand.length > 0 ? `, ${hand.length} by a person: ${named(hand.map(shaOf))}` : ''}.`,
    n: bundles.length,
    proof,
  };
}

const deploysToTest: Requirement = {
  id: 'G42',
  level: 2,
  title: 'A push deploys to the test environment by itself',
  needs: 'Each pipeline version of the window was deployed to the environment test by the system.',
  asks: 'automatic',
  judge: (evidence) => deployedTo(evidence, 'test'),
};

const deploysToStaging: Requirement = {
  id: 'G43',
  level: 2,
  title: 'A reviewed merge deploys to pre-production',
  needs:
    'Each pipeline version of the window was deployed to the environment pre-production after a review.',
  asks: 'person',
  judge: (evidence) => deployedTo(evidence, 'pre-production'),
};

const approvesProduction: Requirement = {
  id: 'G44',
  level: 2,
  title: 'A person releases a pipeline to production after several good runs before it',
  needs:
    'Each deployment to production was made by a person after three successful runs of the same bundle.',
  asks: 'person',
  judge(evidence) {
    const all = changesWithin(evidence);
    if (all.length === 0) return missing(NO_CHANGE);
    const production = all.filter((change) => change.environment === 'production');
    if (production.length === 0)
      return missing(
        'No deployment of the window names the environment production: a deployment goes into force without an approval.',
        all.length,
      );
    const runsOf = (bundle: string | null, before: Event): Event[] =>
      evidence.runs.flatMap((run) =>
        bundle !== null &&
        run.bundle === bundle &&
        run.ended?.type === 'run.succeeded' &&
        run.ended.position < before.position
          ? [run.ended]
          : [],
      );
    const early = production.filter(
      (change) =>
        !byPerson(change.deployed) || runsOf(change.bundle, change.deployed).length < LEAST_CASES,
    );
    if (early.length > 0)
      return missing(
        `${early.length} of ${counted(production.length, 'deployment')} to production came without a person's decision or before ${LEAST_CASES} successful runs: ${named(early.map(shaOf))}.`,
        production.length,
      );
    return {
      state: 'manual',
      reason: `${counted(production.length, 'deployment')} to production, each by a person after ${LEAST_CASES} successful runs or more.`,
      n: production.length,
      proof: present(
        production.flatMap((change) => [
          change.deployed,
          ...runsOf(change.bundle, change.deployed),
        ]),
      ),
    };
  },
};

export const stageRequirements: readonly Requirement[] = [
  fitsTarget,
  answersApi,
  provesLoad,
  validatesBatches,
  meetsTargets,
  deploysToTest,
  deploysToStaging,
  approvesProduction,
];
