import { dataAge, modelAge, stalenessRatio } from './ages.ts';
import { auditCoverage, cacheHitRate, labelledPredictions, verifyPassRate } from './coverage.ts';
import type { Figure } from './figure.ts';
import {
  commitsTested,
  modelDeployments,
  pipelineDeployments,
  retrainings,
  windowsWatched,
} from './frequency.ts';
import { leadTimeOfCode, leadTimeOfData, retrainLatency } from './lead-time.ts';
import {
  canaryCatches,
  changeFailureRate,
  changeOfMetric,
  humanSteps,
  recoveryTime,
  reworkRate,
} from './stability.ts';

/** Figures of delivery, in the order they are shown. */
export const figures: readonly Figure[] = [
  modelDeployments,
  pipelineDeployments,
  leadTimeOfCode,
  leadTimeOfData,
  changeFailureRate,
  changeOfMetric,
  canaryCatches,
  recoveryTime,
  reworkRate,
  retrainLatency,
  retrainings,
  commitsTested,
  windowsWatched,
  modelAge,
  dataAge,
  stalenessRatio,
  humanSteps,
  cacheHitRate,
  verifyPassRate,
  labelledPredictions,
  auditCoverage,
];
