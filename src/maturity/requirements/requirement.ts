import type { z } from 'zod';
import type { metState } from '../../contract/views/maturity-view.ts';
import type { Event } from '../../events/event.ts';
import type { Evidence } from '../evidence.ts';
import { counted, named } from '../words.ts';

export type MetState = z.infer<typeof metState>;

export type Judgement = {
  state: MetState;
  /** A sentence with its figures. */
  reason: string;
  n: number;
  /** What proves it; never empty unless the state is `missing`, or nothing happened that called for it (n = 0). */
  proof: readonly Event[];
};

/** One requirement of Google's "MLOps: Continuous delivery and automation pipelines in machine learning". */
export type Requirement = {
  id: string;
  level: 1 | 2;
  title: string;
  /** What must be seen in the window for it to count as met automatically. */
  needs: string;
  /** What the level asks of it: `automatic`; `person`: a person's step counts too; `when-seen`: not asked for while nothing
   * happened that calls for it; `optional`: shown, never asked for. */
  asks: 'automatic' | 'person' | 'when-seen' | 'optional';
  judge(evidence: Evidence): Judgement;
};

/** Fewer cases than this say nothing about a rate. */
export const LEAST_CASES = 3;

export function missing(reason: string, n = 0): Judgement {
  return { state: 'missing', reason, n, proof: [] };
}

/** Whether a level can stand on this judgement. */
export function suffices(requirement: Pick<Requirement, 'asks'>, judgement: Judgement): boolean {
  switch (requirement.asks) {
    case 'optional':
      return true;
    case 'automatic':
      return judgement.state === 'automatic';
    case 'person':
      return judgement.state === 'automatic' || judgement.state === 'manual';
    case 'when-seen':
      return (
        judgement.state === 'automatic' || (judgement.state === 'insufficient' && judgement.n === 0)
      );
  }
}

/**
 * Judges what must hold in every case. A case without proof makes it missing and is named; fewer than three cases are not
 * enough for a rate.
 */
export function everyCase<T>(
  cases: readonly T[],
  rule: {
    /** A case, as `trained run`. */
    noun: string;
    name(one: T): string;
    /** What the case has, as `had its data validated before training`; and what the others lack. */
    has: string;
    lacks: string;
    /** What to do about those, a sentence. */
    remedy?: string;
    proof(one: T): readonly (Event | undefined)[] | null;
    /** When there is no case at all. */
    none: string;
  },
): Judgement {
  if (cases.length === 0) return missing(rule.none);
  const proofs = cases.map((one) => present(rule.proof(one) ?? []));
  const without = cases.filter((_, index) => proofs[index]?.length === 0);
  if (without.length > 0) {
    return missing(
      `${without.length} of ${counted(cases.length, rule.noun)} ${rule.lacks}: ${named(without.map(rule.name))}.${rule.remedy === undefined ? '' : ` ${rule.remedy}`}`,
      cases.length,
    );
  }
  const proof = proofs.flat();
  if (cases.length < LEAST_CASES) {
    return {
      state: 'insufficient',
      reason: `Only ${counted(cases.length, rule.noun)} in the window; ${cases.length === 1 ? 'it' : 'each'} ${rule.has}. At least ${LEAST_CASES} are needed for a rate.`,
      n: cases.length,
      proof,
    };
  }
  return {
    state: 'automatic',
    reason: `Each of the ${counted(cases.length, rule.noun)} ${rule.has}.`,
    n: cases.length,
    proof,
  };
}

/** Proof without what is absent, each event once. */
export function present(events: readonly (Event | undefined)[]): Event[] {
  return [...new Set(events)].filter((event) => event !== undefined);
}
