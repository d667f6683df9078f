import { wilsonInterval } from '../stats/proportion.ts';

/**
 * Row-by-row comparison of one feature between two sides (TFDV `FeatureSkew`): online (`base`) against offline (`test`).
 * `share` is the share of rows that differ in any way, with a 95 % interval.
 */
export type Comparison = {
  column: string;
  /** Rows compared. */
  rows: number;
  /** Rows with a value on each side. */
  baseCount: number;
  testCount: number;
  /** Rows that agree; missing on both sides agrees. */
  match: number;
  /** A value on one side only. */
  baseOnly: number;
  testOnly: number;
  /** Values on both sides that differ. */
  mismatch: number;
  share: number;
  interval: { low: number; high: number };
};

export type ComparisonCounts = Pick<
  Comparison,
  'rows' | 'baseCount' | 'testCount' | 'baseOnly' | 'testOnly' | 'mismatch'
>;

export function toComparison(column: string, counts: ComparisonCounts): Comparison {
  const differing = counts.baseOnly + counts.testOnly + counts.mismatch;
  const interval = wilsonInterval({ events: differing, trials: counts.rows }, 0.05);
  return {
    column,
    ...counts,
    match: counts.rows - differing,
    share: counts.rows === 0 ? 0 : differing / counts.rows,
    interval: { low: interval.lower, high: interval.upper },
  };
}
