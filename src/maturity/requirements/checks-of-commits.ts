import type { Evidence } from '../evidence.ts';
import { checksOfCommit } from '../gather-evidence.ts';
import { everyChange } from './commits.ts';
import type { Judgement, Requirement } from './requirement.ts';

/** Every check of a commit that proves the requirement passed, for each pipeline change of the window. */
function passedOnEveryChange(evidence: Evidence, id: string, what: string): Judgement {
  return everyChange(evidence, {
    has: `passed ${what}`,
    lacks: `had not passed ${what}`,
    proof(change) {
      const checks = checksOfCommit(change.ci, id);
      return checks.length > 0 && checks.every((check) => check.state === 'passed')
        ? [change.ci, change.deployed]
        : null;
    },
  });
}

function checkRequirement(id: string, title: string, what: string): Requirement {
  return {
    id,
    level: 2,
    title,
    needs: `For each pipeline deployment, ${what} passed on its commit.`,
    asks: 'automatic',
    judge: (evidence) => passedOnEveryChange(evidence, id, what),
  };
}

export const checkRequirements: readonly Requirement[] = [
  checkRequirement('G31', 'Feature code has unit tests', "the project's own tests"),
  checkRequirement('G32', 'Model code has unit tests', "the project's own tests"),
  checkRequirement('G33', 'Training converges', 'the check that the model learns from a few rows'),
  checkRequirement(
    'G34',
    'No answer is broken by zero, tiny, huge or missing values',
    'the check of finite answers',
  ),
  checkRequirement(
    'G35',
    'Every step makes the outputs it declares',
    'the run of each pipeline on a slice of the data',
  ),
  checkRequirement(
    'G36',
    'Steps fit each other',
    "the check that outputs fit the next steps' inputs",
  ),
];
