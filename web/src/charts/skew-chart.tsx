import type { SkewResult } from '../../../src/contract/views/features-view.ts';
import { formatShare } from '../format.ts';

const WIDTH = 640;
const ROW = 22;
const LABEL = 190;
const SHOWN = 12;
/** Room on the right for values beyond the axis. */
const BEYOND = 76;

/** One line a judgement: the share that differs with its interval, against what is allowed. Newest on top. */
export function SkewChart({ results }: { results: readonly SkewResult[] }) {
  const shown = results.slice(0, SHOWN);
  if (shown.length === 0)
    return (
      <div className="chart-empty">
        <span>no version with this view has been judged yet</span>
      </div>
    );
  const max = shown[0]?.max ?? 0;
  // What lies far beyond the limit is cut off with its value, so that the others stay readable.
  const top = Math.max(max * 3, 1e-6);
  const x = (share: number): number =>
    LABEL + (Math.min(share, top) / top) * (WIDTH - LABEL - BEYOND);
  const height = shown.length * ROW + 30;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${height}`}
      width="100%"
      role="img"
      aria-label={`Share of rows that differ in ${shown.length} judgements; at most ${formatShare(max)} may`}
      className="small-chart"
    >
      <line
        x1={x(max)}
        x2={x(max)}
        y1={16}
        y2={height - 6}
        stroke="var(--warn)"
        strokeDasharray="5 4"
      />
      <text x={x(max)} y={11} textAnchor="middle" fill="var(--warn)">
        at most {formatShare(max)}
      </text>
      {shown.map((result, index) => {
        const y = 30 + index * ROW;
        const color = result.outcome === 'refused' ? 'var(--bad)' : 'var(--good)';
        return (
          <g key={`${result.model} ${result.version} ${result.column}`}>
            <title>{`${result.column} of ${result.model} ${result.version}: ${formatShare(result.share)} (${formatShare(result.low)} to ${formatShare(result.high)})`}</title>
            <text x={LABEL - 8} y={y + 4} textAnchor="end" fill="var(--muted)">
              {`${short(result.column)} · ${result.version}`}
            </text>
            <line
              x1={x(result.low)}
              x2={Math.max(x(result.high), x(result.low) + 1)}
              y1={y}
              y2={y}
              stroke={color}
              strokeWidth="6"
              opacity="0.3"
              strokeLinecap="round"
            />
            {result.share > top ? (
              <text x={x(top) + 12} y={y + 4} fill={color}>
                → {formatShare(result.share)}
              </text>
            ) : null}
            {result.outcome === 'refused' ? (
              <path
                d={`M${x(result.share) - 4} ${y - 4}l8 8m0 -8l-8 8`}
                stroke={color}
                strokeWidth="2"
              />
            ) : (
              <circle cx={x(result.share)} cy={y} r="4" fill={color} />
            )}
          </g>
        );
      })}
    </svg>
  );
}

function short(text: string): string {
  return text.length > 24 ? `…${text.slice(-23)}` : text;
}
