import { listOf, textOf } from '../event-data.ts';
import { eventsWithin, trainedRuns, within, type Evidence, type RunStory } from '../evidence.ts';
import type { Event } from '../../events/event.ts';
import { counted, named } from '../words.ts';
import { everyCase, missing, present, type Judgement, type Requirement } from './requirement.ts';
import { candidates } from './validation.ts';

/** Codes of runs that a broken schema or a failed check of severity `stop` ended. */
const STOPS = ['DATASET_INVALID', 'CHECKS_FAILED', 'SCHEMA_SKEW'];

/** Validations that ended before the run's model was made. */
export function validatedBefore(evidence: Evidence, run: RunStory): Event[] {
  const madeAt = (run.modelStep ?? run.ended)?.position ?? 0;
  return run.validations.filter(
    (event) => within(evidence.window, event) && event.position < madeAt,
  );
}

export const validatesBeforeTraining: Requirement = {
  id: 'G17',
  level: 1,
  title: 'Data is validated before every training',
  needs:
    'Every run that made a model had a validation of its data that ended before the model was made.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(trainedRuns(evidence), {
      noun: 'training run',
      name: (run) => run.runId,
      has: 'had its data validated before training',
      lacks: 'had no validation of its data before training',
      proof: (run) => validatedBefore(evidence, run),
      none: 'No run made a model in the window. Give the dataset checks or a schema, and the pipeline a step that uses checks.',
    }),
};

export const stopsOnSchemaSkew: Requirement = {
  id: 'G18',
  level: 1,
  title: 'Data that breaks its schema stops the run',
  needs:
    'Every run that made a model used data whose validation had passed; runs on broken data ended before training.',
  asks: 'automatic',
  judge(evidence) {
    const stopped = eventsWithin(evidence, 'run.failed').filter((event) =>
      STOPS.includes(textOf(event, 'code') ?? ''),
    );
    const judged = everyCase(trainedRuns(evidence), {
      noun: 'training run',
      name: (run) => run.runId,
      has: 'used data whose validation had passed',
      lacks: 'used data whose validation failed, or that had none',
      proof(run) {
        const before = validatedBefore(evidence, run);
        return before.every((event) => event.data.passed === true) ? before : null;
      },
      none: 'No run made a model in the window, so nothing shows that broken data is kept out of training.',
    });
    if (judged.state === 'missing') return judged;
    const broken =
      stopped.length === 0
        ? 'No data broke its schema in the window.'
        : `${counted(stopped.length, 'run')} on broken data ended before training.`;
    return {
      ...judged,
      reason: `${judged.reason} ${broken}`,
      proof: [...stopped, ...judged.proof],
    };
  },
};

/** Monitors whose alarm means that statistics have changed. */
const DRIFT = ['input-drift', 'score-drift', 'quality'];

export const retrainsOnValueSkew: Requirement = {
  id: 'G19',
  level: 1,
  title: 'A significant change of statistics starts training',
  needs: 'A run was started because value skew of a dataset, or an alarm of drift, was found.',
  asks: 'when-seen',
  judge(evidence) {
    const changes = [
      ...eventsWithin(evidence, 'dataset.value-skew'),
      ...eventsWithin(evidence, 'alarm.opened').filter((event) =>
        DRIFT.includes(textOf(event, 'kind') ?? ''),
      ),
    ];
    if (changes.length === 0) {
      return {
        state: 'insufficient',
        reason:
          'No significant change of statistics was found in the window, so none could start training.',
        n: 0,
        proof: [],
      };
    }
    const byEvent = new Map(changes.map((event) => [event.eventId, event]));
    const runs = evidence.runs.filter(
      (run) => within(evidence.window, run.started) && byEvent.has(run.causeEventId ?? ''),
    );
    if (runs.length === 0) {
      return missing(
        `${counted(changes.length, 'change')} of statistics in the window and no run because of one. Add a trigger of kind value-skew or alarm.`,
        changes.length,
      );
    }
    return {
      state: 'automatic',
      reason: `${counted(changes.length, 'significant change')} of statistics in the window; ${counted(runs.length, 'run')} began because of one (others fell into a cool-down or had no trigger).`,
      n: changes.length,
      proof: present(runs.flatMap((run) => [run.started, byEvent.get(run.causeEventId ?? '')])),
    };
  },
};

export const trainsOnNewData: Requirement = {
  id: 'G12',
  level: 1,
  title: 'Trains in production on fresh data by itself',
  needs: 'A run that no person started used a newer dataset version than the training before it.',
  asks: 'automatic',
  judge(evidence) {
    const newest = new Map<string, number>();
    const fresh: RunStory[] = [];
    for (const run of evidence.runs.filter((one) => one.trains)) {
      const newer = run.datasets.some(
        ({ dataset, number }) => number > (newest.get(`${run.pipeline} ${dataset}`) ?? Infinity),
      );
      for (const { dataset, number } of run.datasets) {
        const key = `${run.pipeline} ${dataset}`;
        newest.set(key, Math.max(number, newest.get(key) ?? 0));
      }
      if (newer && within(evidence.window, run.ended)) fresh.push(run);
    }
    const automatic = fresh.filter(
      (run) => run.causeKind !== null && run.causeKind !== 'manual' && run.causeKind !== 'api',
    );
    const judged = (
      state: 'automatic' | 'manual',
      runs: readonly RunStory[],
      reason: string,
    ): Judgement => ({
      state,
      reason,
      n: runs.length,
      proof: present(runs.flatMap((run) => [run.started, run.pinned, run.ended])),
    });
    if (automatic.length > 0) {
      const kinds = [...new Set(automatic.map((run) => run.causeKind ?? ''))];
      return judged(
        'automatic',
        automatic,
        `${counted(automatic.length, 'run')} trained on a newer dataset version than the training before, started by ${named(kinds)}.`,
      );
    }
    if (fresh.length > 0) {
      return judged(
        'manual',
        fresh,
        `${counted(fresh.length, 'run')} trained on newer data, each started by a person. Add a trigger to the pipeline.`,
      );
    }
    return missing(
      'No run of the window trained on a newer dataset version than the training before it. Add a trigger of kind new-data or schedule.',
    );
  },
};

export const usesFeatureStore: Requirement = {
  id: 'G25',
  level: 1,
  title: 'Features come from one store, in training and in serving (optional)',
  needs:
    'Every candidate with feature views passed the skew gate: online and offline values were compared.',
  asks: 'optional',
  judge(evidence) {
    const users = candidates(evidence).filter(
      (story) => listOf(story.registered, 'features').length > 0,
    );
    return everyCase(users, {
      noun: 'candidate',
      name: (story) => `${story.model} ${story.version}`,
      has: 'had its features compared online and offline',
      lacks: 'used feature views that no skew gate compared',
      proof: (story) =>
        story.gates.filter(
          (gate) => textOf(gate, 'gate') === 'skew' && within(evidence.window, gate),
        ),
      none: 'No candidate of the window used a feature view. Define one under features: and read it in the step extract.',
    });
  },
};
