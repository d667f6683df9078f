import { checkRequirements } from './checks-of-commits.ts';
import {
  deploysOnlyCommits,
  followsOneCommit,
  hasEveryComponent,
  testsEveryCommit,
} from './commits.ts';
import {
  retrainsOnValueSkew,
  stopsOnSchemaSkew,
  trainsOnNewData,
  usesFeatureStore,
  validatesBeforeTraining,
} from './data.ts';
import {
  deploysModelByItself,
  knowsItsRun,
  validatesOnline,
  watchesProduction,
} from './releases.ts';
import type { Requirement } from './requirement.ts';
import {
  deploysPipeline,
  firesEveryTrigger,
  orchestratesSteps,
  recordsMetadata,
  symmetricStages,
} from './runs.ts';
import { stageRequirements } from './stages.ts';
import {
  beatsProduction,
  consistentOnSlices,
  measuresOnTestRows,
  testedAsService,
} from './validation.ts';

/** Google's levels, requirement by requirement, in the order in which one is best met after the other. */
export const requirements: readonly Requirement[] = [
  knowsItsRun,
  watchesProduction,
  orchestratesSteps,
  trainsOnNewData,
  symmetricStages,
  deploysModelByItself,
  deploysPipeline,
  validatesBeforeTraining,
  stopsOnSchemaSkew,
  retrainsOnValueSkew,
  measuresOnTestRows,
  beatsProduction,
  consistentOnSlices,
  testedAsService,
  validatesOnline,
  usesFeatureStore,
  recordsMetadata,
  firesEveryTrigger,
  testsEveryCommit,
  deploysOnlyCommits,
  hasEveryComponent,
  followsOneCommit,
  ...checkRequirements,
  ...stageRequirements,
];
