import type { Event } from '../../events/event.ts';
import type { Evidence } from '../evidence.ts';
import { LEAST_CASES, present } from '../requirements/requirement.ts';
import { counted } from '../words.ts';

export type Measured = {
  /** Null: nothing to measure, or fewer than three cases of a rate. */
  value: number | null;
  p90: number | null;
  n: number;
  note: string;
  proof: readonly Event[];
};

/** A figure of delivery. One `per` model is never averaged over models: they have different cadences. */
export type Figure = {
  id: string;
  title: string;
  unit: string;
  per: 'model' | 'project';
  measure(evidence: Evidence, model: string): Measured;
};

export type Case = { value: number; proof: readonly (Event | undefined)[] };

export function nothing(note: string): Measured {
  return { value: null, p90: null, n: 0, note, proof: [] };
}

/** Median and 90th percentile (linear between ranks), once there are three cases. */
export function distribution(
  cases: readonly Case[],
  said: { noun: string; note?: string },
): Measured {
  const values = cases.map((one) => one.value).toSorted((a, b) => a - b);
  const enough = values.length >= LEAST_CASES;
  return {
    value: enough ? quantile(values, 0.5) : null,
    p90: enough ? quantile(values, 0.9) : null,
    n: values.length,
    note: noted(values.length, enough, said),
    proof: present(cases.flatMap((one) => one.proof)),
  };
}

/** A share of cases, once there are three. */
export function share(
  cases: readonly { hit: boolean; proof: readonly (Event | undefined)[] }[],
  said: { noun: string; note?: string },
): Measured {
  const enough = cases.length >= LEAST_CASES;
  return {
    value: enough ? cases.filter((one) => one.hit).length / cases.length : null,
    p90: null,
    n: cases.length,
    note: noted(cases.length, enough, said),
    proof: present(cases.flatMap((one) => one.proof)),
  };
}

/** How many a week, once there are three. */
export function perWeek(
  evidence: Evidence,
  events: readonly (Event | undefined)[],
  said: { noun: string; note?: string },
): Measured {
  const proof = present(events);
  const enough = proof.length >= LEAST_CASES;
  return {
    value: enough ? proof.length / (evidence.window.days / 7) : null,
    p90: null,
    n: proof.length,
    note: noted(proof.length, enough, said),
    proof,
  };
}

function noted(n: number, enough: boolean, said: { noun: string; note?: string }): string {
  const base = `${n === 0 ? `No ${said.noun}` : counted(n, said.noun)} in the window${
    enough || n === 0 ? '' : `; at least ${LEAST_CASES} are needed`
  }.`;
  return said.note === undefined || said.note === '' ? base : `${base} ${said.note}`;
}

/** Of ascending values, not empty. */
export function quantile(values: readonly number[], at: number): number {
  const place = (values.length - 1) * at;
  const low = values[Math.floor(place)] ?? 0;
  const high = values[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

export const DAY_MS = 864e5;
export const HOUR_MS = 36e5;
