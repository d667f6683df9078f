import { formatNumber, formatTime } from '../format.ts';
import type { PlotLine, PlotSeries } from './plot-types.ts';

/** Names of what is drawn; under the cursor also the values, with their intervals. */
export function PlotLegend({
  at,
  x,
  xKind,
  series,
  lines,
  unit,
  hatched,
}: {
  at: number | null;
  x: readonly number[];
  xKind: 'time' | 'number';
  series: readonly PlotSeries[];
  lines: readonly PlotLine[];
  unit: string;
  hatched: boolean;
}) {
  const here = at === null ? null : (x[at] ?? null);
  return (
    <div className="chart-legend">
      {series.map((one) => {
        const value = at === null ? null : (one.values[at] ?? null);
        const low = at === null ? null : (one.low?.[at] ?? null);
        const high = at === null ? null : (one.high?.[at] ?? null);
        return (
          <span key={one.label} className="legend-item">
            <span
              className={one.low ? 'swatch band' : 'swatch'}
              style={{ background: `var(${one.color})` }}
            />
            {one.label}
            {value === null ? null : (
              <b>
                {formatNumber(value)}
                {unit}
                {low === null || high === null
                  ? ''
                  : ` (${formatNumber(low)} to ${formatNumber(high)})`}
              </b>
            )}
          </span>
        );
      })}
      {lines.map((line) => (
        <span key={line.label} className="legend-item">
          <span className="swatch" style={{ background: `var(${line.color})`, height: 2 }} />
          {line.label}
        </span>
      ))}
      {hatched ? (
        <span className="legend-item">
          <span className="swatch hatch" />
          not enough evidence
        </span>
      ) : null}
      {here === null ? null : (
        <span style={{ marginLeft: 'auto' }}>
          {xKind === 'time' ? formatTime(here) : formatNumber(here)}
        </span>
      )}
    </div>
  );
}
