import type { MaturityTest } from '../../contract/views/maturity-view.ts';
import type { Event } from '../../events/event.ts';
import { textOf } from '../event-data.ts';
import { eventsWithin, type Champion, type Evidence } from '../evidence.ts';
import { present } from '../requirements/requirement.ts';

export type Score = 0 | 0.5 | 1;
export type Scored = { score: Score; reason: string; proof: readonly Event[] };

/** One of the 28 tests of Breck et al. 2017, "The ML Test Score". */
export type MlTest = {
  id: string;
  section: MaturityTest['section'];
  title: string;
  /** What must be seen for 1; and for 0.5, or null where nothing counts as half. */
  whole: string;
  half: string | null;
  judge(evidence: Evidence): Scored;
};

export function none(reason: string): Scored {
  return { score: 0, reason, proof: [] };
}

/** A score needs its proof: without an event it is 0. */
export function scored(
  score: 0.5 | 1,
  reason: string,
  events: readonly (Event | undefined)[],
): Scored {
  const proof = present(events);
  return proof.length === 0 ? none(`${reason} No event proves it.`) : { score, reason, proof };
}

/** The worst of what the models in production reach: a test counts for all of them or not. */
export function everyChampion(evidence: Evidence, judge: (champion: Champion) => Scored): Scored {
  if (evidence.champions.length === 0) return none('No endpoint serves a model yet.');
  const all = evidence.champions.map((champion) => ({ champion, scored: judge(champion) }));
  const least = Math.min(...all.map((one) => one.scored.score));
  const worst = all.find((one) => one.scored.score === least);
  if (!worst) return none('No endpoint serves a model yet.');
  if (least === 0 || all.length === 1) return worst.scored;
  return {
    ...worst.scored,
    reason: `${worst.scored.reason} (${worst.champion.model}; ${all.length} models in production)`,
    proof: present(all.flatMap((one) => one.scored.proof)),
  };
}

/** A model in production as people name it. */
export function nameOf(champion: Champion): string {
  return `${champion.model} ${champion.version}`;
}

/** Verdicts of one kind of gate on the version in production, of the window, newest first. */
export function verdictsOn(evidence: Evidence, champion: Champion, kind: string): Event[] {
  return eventsWithin(evidence, 'gate.evaluated')
    .filter(
      (event) =>
        textOf(event, 'gate') === kind &&
        textOf(event, 'model') === champion.model &&
        textOf(event, 'version') === champion.version,
    )
    .toReversed();
}

/** Windows that monitors of some kinds judged on the version in production, newest first. */
export function windowsOn(
  evidence: Evidence,
  champion: Champion,
  kinds: readonly string[],
): Event[] {
  return eventsWithin(evidence, 'monitor.evaluated')
    .filter(
      (event) =>
        kinds.includes(textOf(event, 'kind') ?? '') &&
        textOf(event, 'endpoint') === champion.endpoint &&
        textOf(event, 'version') === champion.version,
    )
    .toReversed();
}
