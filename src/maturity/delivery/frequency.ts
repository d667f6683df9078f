import { textOf } from '../event-data.ts';
import { eventsWithin, promotions, within } from '../evidence.ts';
import { changesWithin } from '../requirements/commits.ts';
import { perWeek, type Figure } from './figure.ts';

export const modelDeployments: Figure = {
  id: 'deployment-frequency-model',
  title: 'Model deployments',
  unit: 'a week',
  per: 'model',
  measure: (evidence, model) =>
    perWeek(
      evidence,
      promotions(evidence)
        .filter((release) => release.model === model)
        .map((release) => release.promoted),
      { noun: 'deployed version', note: 'Rollbacks are not counted.' },
    ),
};

export const pipelineDeployments: Figure = {
  id: 'deployment-frequency-pipeline',
  title: 'Pipeline deployments',
  unit: 'a week',
  per: 'project',
  measure: (evidence) =>
    perWeek(
      evidence,
      changesWithin(evidence).map((change) => change.deployed),
      { noun: 'pipeline deployment' },
    ),
};

export const retrainings: Figure = {
  id: 'retraining-frequency',
  title: 'Trainings that started by themselves',
  unit: 'a week',
  per: 'model',
  measure: (evidence, model) =>
    perWeek(
      evidence,
      evidence.versions
        .filter(
          (story) =>
            story.model === model &&
            story.run?.causeKind !== 'manual' &&
            story.run?.causeKind !== 'api' &&
            within(evidence.window, story.run?.started),
        )
        .map((story) => story.run?.started),
      { noun: 'training run' },
    ),
};

export const commitsTested: Figure = {
  id: 'commits-tested',
  title: 'New implementations tried',
  unit: 'a week',
  per: 'project',
  measure: (evidence) =>
    perWeek(evidence, eventsWithin(evidence, 'ci.finished'), { noun: 'tested commit' }),
};

export const windowsWatched: Figure = {
  id: 'windows-watched',
  title: 'Windows judged by monitors',
  unit: 'a week',
  per: 'model',
  measure: (evidence, model) =>
    perWeek(
      evidence,
      eventsWithin(evidence, 'monitor.evaluated').filter(
        (event) => textOf(event, 'model') === model,
      ),
      { noun: 'judged window' },
    ),
};
