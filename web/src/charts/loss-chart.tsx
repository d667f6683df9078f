import type { AlarmItem, LossPoint } from '../../../src/contract/views/monitors-view.ts';
import { Plot } from './plot.tsx';
import type { PlotLine, PlotMark, PlotSpan } from './plot-types.ts';

/** Realised loss window by window with its band; windows without enough labels are hatched, never zero. */
export function LossChart({
  points,
  metric,
  limit,
  alarms = [],
  bad,
  sync,
  onZoom,
  height = 240,
}: {
  points: readonly LossPoint[];
  metric: string;
  limit: number | null;
  alarms?: readonly AlarmItem[];
  bad?: { startMs: number; endMs: number };
  sync?: string;
  onZoom?: (range: { from: number; to: number } | null) => void;
  height?: number;
}) {
  const lines: PlotLine[] =
    limit === null ? [] : [{ value: limit, label: 'limit', color: '--bad' }];
  const marks: PlotMark[] = alarms.map((alarm) => ({
    x: alarm.openedMs,
    color: '--warn',
    icon: 'warn',
    text: alarm.sentence,
    to: `/alarms/${alarm.alarmId}`,
  }));
  const spans: PlotSpan[] = [
    ...(bad
      ? [{ from: bad.startMs, to: bad.endMs, label: 'first bad window', kind: 'bad' as const }]
      : []),
    ...points
      .filter((point) => !point.enough)
      .map((point) => ({
        from: point.startMs,
        to: point.endMs,
        label: '',
        kind: 'hatch' as const,
      })),
  ];
  const enough = (point: LossPoint): boolean => point.enough;
  const banded = points.some((point) => point.estimate.low !== null);
  return (
    <Plot
      label={`Realised ${metric} over time`}
      x={points.map((point) => (point.startMs + point.endMs) / 2)}
      xKind="time"
      height={height}
      {...(points.length === 0
        ? {}
        : { extent: { from: points[0]?.startMs ?? 0, to: points.at(-1)?.endMs ?? 0 } })}
      series={[
        {
          label: `realised ${metric}`,
          values: points.map((point) => (enough(point) ? point.estimate.value : null)),
          color: '--chart-1',
          points: true,
          ...(banded
            ? {
                low: points.map((point) => (enough(point) ? point.estimate.low : null)),
                high: points.map((point) => (enough(point) ? point.estimate.high : null)),
              }
            : {}),
        },
      ]}
      lines={lines}
      spans={spans}
      marks={marks}
      {...(sync === undefined ? {} : { sync })}
      {...(onZoom ? { onZoom } : {})}
    />
  );
}
