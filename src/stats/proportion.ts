import { betaQuantile, logBeta, studentQuantile } from './special-functions.ts';

export type Interval = { lower: number; upper: number };
export type Hits = { events: number; trials: number };

function checked({ events, trials }: Hits): void {
  if (!(Number.isInteger(events) && Number.isInteger(trials) && events >= 0 && events <= trials)) {
    throw new RangeError(
      `counts with 0 <= events <= trials are needed, got ${events} of ${trials}`,
    );
  }
}

/** Wilson's two-sided interval of a proportion at level 1 - alpha (JASA 1927); [0, 1] without trials. */
export function wilsonInterval(hits: Hits, alpha: number): Interval {
  checked(hits);
  if (hits.trials === 0) return { lower: 0, upper: 1 };
  const z = studentQuantile(1 - alpha / 2, Infinity);
  const share = hits.events / hits.trials;
  const scale = 1 + (z * z) / hits.trials;
  const centre = (share + (z * z) / (2 * hits.trials)) / scale;
  const half =
    (z *
      Math.sqrt((share * (1 - share)) / hits.trials + (z * z) / (4 * hits.trials * hits.trials))) /
    scale;
  return {
    // Rounding would leave a speck below or above what was never, or always, seen.
    lower: hits.events === 0 ? 0 : Math.max(0, centre - half),
    upper: hits.events === hits.trials ? 1 : Math.min(1, centre + half),
  };
}

/** Exact two-sided interval of a proportion at level 1 - alpha (Clopper & Pearson, Biometrika 1934). */
export function exactInterval(hits: Hits, alpha: number): Interval {
  return { lower: exactLower(hits, alpha / 2), upper: exactUpper(hits, alpha / 2) };
}

/** Exact one-sided lower bound of a proportion at level 1 - alpha. */
export function exactLower(hits: Hits, alpha: number): number {
  checked(hits);
  if (hits.events === 0) return 0;
  return betaQuantile(alpha, hits.events, hits.trials - hits.events + 1);
}

/** Exact one-sided upper bound of a proportion at level 1 - alpha. Fixed sample size; for repeated looks `rateUpperBound`. */
export function exactUpper(hits: Hits, alpha: number): number {
  checked(hits);
  if (hits.events === hits.trials) return 1;
  return betaQuantile(1 - alpha, hits.events + 1, hits.trials - hits.events);
}

/**
 * Anytime-valid interval of a proportion: the p that the beta-binomial mixture with prior Beta(a, b) does not reject,
 * B(a+s, b+f) / (B(a, b) p^s (1-p)^f) < 1/alpha. Howard, Ramdas, McAuliffe & Sekhon, AoS 2021, arXiv 1810.08240.
 */
export function betaBinomialInterval(
  hits: Hits,
  alpha: number,
  prior = { a: 0.5, b: 0.5 },
): Interval {
  checked(hits);
  const s = hits.events;
  const f = hits.trials - s;
  if (hits.trials === 0) return { lower: 0, upper: 1 };
  const mixture = logBeta(prior.a + s, prior.b + f) - logBeta(prior.a, prior.b);
  const rejected = (p: number) =>
    mixture - (s === 0 ? 0 : s * Math.log(p)) - (f === 0 ? 0 : f * Math.log1p(-p)) >=
    Math.log(1 / alpha);
  const best = s / hits.trials;
  const edge = (outside: number) => {
    let inner = best;
    let outer = outside;
    if (!rejected(outer)) return outer;
    for (let i = 0; i < 60; i++) {
      const middle = (inner + outer) / 2;
      if (rejected(middle)) outer = middle;
      else inner = middle;
    }
    return outer;
  };
  return { lower: s === 0 ? 0 : edge(0), upper: f === 0 ? 1 : edge(1) };
}
