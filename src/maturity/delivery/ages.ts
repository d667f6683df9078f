import type { Event } from '../../events/event.ts';
import { asObject, objectOf } from '../event-data.ts';
import type { Champion, Evidence } from '../evidence.ts';
import { day } from '../words.ts';
import { DAY_MS, nothing, type Figure, type Measured } from './figure.ts';

function championOf(evidence: Evidence, model: string): Champion | undefined {
  return evidence.champions.find((champion) => champion.model === model);
}

/** A figure of the present: one case is enough, and no window bounds it. */
function ageOf(
  evidence: Evidence,
  found: { sinceMs: number; proof: Event; note: string },
): Measured {
  return {
    value: (evidence.window.toMs - found.sinceMs) / DAY_MS,
    p90: null,
    n: 1,
    note: found.note,
    proof: [found.proof],
  };
}

export const modelAge: Figure = {
  id: 'model-age',
  title: 'Age of the model in production',
  unit: 'days',
  per: 'model',
  measure(evidence, model) {
    const champion = championOf(evidence, model);
    const trained = champion?.story?.run?.ended ?? champion?.story?.registered;
    if (!champion || !trained) return nothing('Nothing serves, or the training is not known.');
    return ageOf(evidence, {
      sinceMs: trained.atMs,
      proof: trained,
      note: `Version ${champion.version}, trained on ${day(trained.atMs)}.`,
    });
  },
};

export const dataAge: Figure = {
  id: 'data-age',
  title: 'Age of the newest data the model in production was trained on',
  unit: 'days',
  per: 'model',
  measure(evidence, model) {
    const champion = championOf(evidence, model);
    const ended = champion?.story?.run?.ended;
    const times = Object.values(asObject(objectOf(ended, 'produced').details)).flatMap((detail) => {
      const { to, asOfMs } = asObject(detail);
      return typeof to === 'number' ? [to] : typeof asOfMs === 'number' ? [asOfMs] : [];
    });
    if (!champion || !ended || times.length === 0)
      return nothing(
        'The newest instant of the training data is not known; the step extract tells it.',
      );
    const newestMs = Math.max(...times);
    return ageOf(evidence, {
      sinceMs: newestMs,
      proof: ended,
      note: `Version ${champion.version} knows data up to ${day(newestMs)}.`,
    });
  },
};

export const stalenessRatio: Figure = {
  id: 'staleness-ratio',
  title: 'Age of the model as a share of the age it may reach',
  unit: 'share',
  per: 'model',
  measure: () =>
    nothing(
      'The age a model may reach is not known: no run has scored older versions on newer data (M4).',
    ),
};
