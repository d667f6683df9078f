import type { Event } from '../../events/event.ts';
import { asObject, listOf, objectOf, textOf } from '../event-data.ts';
import { within, type Evidence, type VersionStory } from '../evidence.ts';
import { everyCase, type Judgement, type Requirement } from './requirement.ts';

/**
 * Versions of pipeline runs that came before the gates in the window. A client's own versions never do, nor do those of
 * ad hoc runs, nor what was refused before any gate was asked.
 */
export function candidates(evidence: Evidence): VersionStory[] {
  return evidence.versions.filter(
    (story) =>
      (story.run !== undefined || story.gates.length > 0) &&
      story.run?.adHoc !== true &&
      !refusedUnasked(story) &&
      [story.registered, story.refused, ...story.gates].some((event) =>
        within(evidence.window, event),
      ),
  );
}

function refusedUnasked(story: VersionStory): boolean {
  return story.refused !== undefined && listOf(story.refused, 'gates').length === 0;
}

/** Verdicts of one kind of gate on a version, of the window. */
export function verdicts(evidence: Evidence, story: VersionStory, ...kinds: string[]): Event[] {
  return story.gates.filter(
    (gate) => kinds.includes(textOf(gate, 'gate') ?? '') && within(evidence.window, gate),
  );
}

/** A candidate that fails the service gate is asked nothing further. */
function askedFurther(story: VersionStory): boolean {
  return !story.gates.some(
    (gate) => textOf(gate, 'gate') === 'service' && textOf(gate, 'outcome') === 'refused',
  );
}

const name = (story: VersionStory): string => `${story.model} ${story.version}`;

function everyCandidate(
  evidence: Evidence,
  rule: {
    has: string;
    lacks: string;
    remedy?: string;
    proof(story: VersionStory): readonly (Event | undefined)[] | null;
  },
): Judgement {
  return everyCase(candidates(evidence).filter(askedFurther), {
    noun: 'candidate',
    name,
    ...rule,
    none: 'No candidate was judged in the window. A run of a pipeline with produces: registers one.',
  });
}

export const measuresOnTestRows: Requirement = {
  id: 'G20',
  level: 1,
  title: 'A trained model is measured on a test set',
  needs: 'Every candidate left metrics and the test rows they were measured on.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCandidate(evidence, {
      has: 'was measured on test rows',
      lacks: 'left no metrics or kept no test rows',
      remedy: 'Name metrics: and test: under produces:.',
      proof(story) {
        const { test, metrics: reported } = objectOf(story.run?.ended, 'produced');
        const metrics = { ...objectOf(story.registered, 'metrics'), ...asObject(reported) };
        return Object.keys(metrics).length > 0 && typeof test === 'string'
          ? [story.registered, story.run?.ended].filter((event) => within(evidence.window, event))
          : null;
      },
    }),
};

export const beatsProduction: Requirement = {
  id: 'G21',
  level: 1,
  title: 'A candidate is compared with the production model and a baseline',
  needs:
    'Every candidate was judged by the gate beats: against the champion, the first one against the baseline.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCandidate(evidence, {
      has: 'was compared with the model in production or the baseline',
      lacks: 'were compared with neither',
      remedy: 'Add the gate beats.',
      proof: (story) => verdicts(evidence, story, 'beats'),
    }),
};

export const consistentOnSlices: Requirement = {
  id: 'G22',
  level: 1,
  title: 'A candidate is good on every segment of the data',
  needs: 'Every candidate was judged by the gate slices.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCandidate(evidence, {
      has: 'was judged segment by segment',
      lacks: 'were not judged segment by segment',
      remedy: 'Add the gate slices.',
      proof: (story) => verdicts(evidence, story, 'slices'),
    }),
};

export const testedAsService: Requirement = {
  id: 'G23',
  level: 1,
  title: 'A candidate is tested as a service before it serves',
  needs:
    'Every candidate was loaded into a gateway and asked through the prediction API (gate service).',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(candidates(evidence), {
      noun: 'candidate',
      name,
      has: 'was loaded and asked in a gateway of its own',
      lacks: 'were never loaded into a gateway before',
      proof: (story) => verdicts(evidence, story, 'service'),
      none: 'No candidate was judged in the window. A run of a pipeline with produces: registers one.',
    }),
};
