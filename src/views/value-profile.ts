import type { ColumnProfile } from '../contract/views/datasets-view.ts';

type Cell = number | string | boolean | null | undefined;

const BINS = 24;
const TOP = 8;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

/** A column at a glance, computed over the values given; null without any. */
export function valueProfile(
  column: { name: string; type: string },
  values: readonly Cell[],
): ColumnProfile | null {
  if (values.length === 0) return null;
  const known = values.filter((value) => value !== null && value !== undefined);
  const numbers = known
    .filter((value): value is number => typeof value === 'number')
    .sort((left, right) => left - right);
  const counts = new Map<string, number>();
  for (const value of known) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const numeric = numbers.length > 0 && numbers.length === known.length;
  const mean = numeric ? numbers.reduce((sum, value) => sum + value, 0) / numbers.length : null;
  return {
    name: column.name,
    type: column.type,
    rows: values.length,
    missing: values.length - known.length,
    distinct: counts.size,
    min: numbers[0] ?? null,
    max: numbers.at(-1) ?? null,
    mean,
    sd: mean === null ? null : spread(numbers, mean),
    quantiles: numeric ? QUANTILES.map((q) => ({ q, value: quantile(numbers, q) })) : [],
    histogram: numeric ? histogram(numbers) : [],
    // One value alone has no spread to draw: it stands there by itself.
    top:
      numeric && counts.size > 1
        ? []
        : [...counts]
            .sort((left, right) => right[1] - left[1])
            .slice(0, TOP)
            .map(([value, count]) => ({ value, count })),
    isTime: false,
  };
}

function spread(numbers: readonly number[], mean: number): number {
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, numbers.length - 1));
}

/** The value below which a share `q` lies (nearest rank). */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

function histogram(sorted: readonly number[]): ColumnProfile['histogram'] {
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 0;
  if (low === high) return [];
  const width = (high - low) / BINS;
  const bins = Array.from({ length: BINS }, (_, index) => ({
    from: low + index * width,
    to: low + (index + 1) * width,
    count: 0,
  }));
  for (const value of sorted) {
    const bin = bins[Math.min(BINS - 1, Math.floor((value - low) / width))];
    if (bin) bin.count += 1;
  }
  return bins;
}
