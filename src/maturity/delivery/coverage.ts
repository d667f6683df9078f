import { numberOf, textOf } from '../event-data.ts';
import { eventsWithin } from '../evidence.ts';
import { LEAST_CASES } from '../requirements/requirement.ts';
import { counted } from '../words.ts';
import { nothing, share, type Figure } from './figure.ts';

export const cacheHitRate: Figure = {
  id: 'cache-hit-rate',
  title: 'Steps answered from the cache',
  unit: 'share of steps',
  per: 'project',
  measure: (evidence) =>
    share(
      eventsWithin(evidence, 'step.committed').map((event) => ({
        hit: event.data.cached === true,
        proof: [event],
      })),
      { noun: 'step' },
    ),
};

export const verifyPassRate: Figure = {
  id: 'verify-pass-rate',
  title: 'Trainings that could be repeated',
  unit: 'share of verified versions',
  per: 'project',
  measure: () => nothing('No version was trained again and compared. Rondo does not do so yet.'),
};

export const labelledPredictions: Figure = {
  id: 'labelled-predictions',
  title: 'Predictions with a label',
  unit: 'share of predictions',
  per: 'model',
  measure(evidence, model) {
    const counts = evidence.counts.predictions.filter((one) => one.model === model);
    const requests = counts.reduce((sum, one) => sum + one.requests, 0);
    const labelled = counts.reduce((sum, one) => sum + one.labelled, 0);
    const windows = eventsWithin(evidence, 'monitor.evaluated').filter(
      (event) => textOf(event, 'model') === model && (numberOf(event, 'rows') ?? 0) > 0,
    );
    const serving = evidence.champions.filter((champion) => champion.model === model);
    if (requests < LEAST_CASES || serving.length === 0)
      return nothing(`${counted(requests, 'prediction')} of ${model} in the window.`);
    return {
      value: labelled / requests,
      p90: null,
      n: requests,
      note: `${counted(labelled, 'label')} for ${counted(requests, 'prediction')}; labels of the newest are still to come.`,
      proof: [...serving.map((champion) => champion.promoted), ...windows],
    };
  },
};

export const auditCoverage: Figure = {
  id: 'audit-coverage',
  title: 'Events in the audit chain',
  unit: 'share of events',
  per: 'project',
  measure(evidence) {
    const { events, sealed } = evidence.counts;
    const last = [...evidence.events.values()]
      .flatMap((list) => list.at(-1) ?? [])
      .toSorted((a, b) => a.position - b.position)
      .at(-1);
    if (events < LEAST_CASES || !last) return nothing(`${counted(events, 'event')} in the window.`);
    return {
      value: sealed / events,
      p90: null,
      n: events,
      note: `${counted(events, 'event')} since the beginning; the newest are sealed within seconds. Verify them: rondo audit verify.`,
      proof: [last],
    };
  },
};
