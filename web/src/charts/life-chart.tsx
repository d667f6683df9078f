import type { LifeMark, ModelView } from '../../../src/contract/views/models-view.ts';
import type { IconName } from '../components/icon.tsx';
import { Plot } from './plot.tsx';
import type { PlotMark } from './plot-types.ts';

/** Rows of marks from the top: what became of releases, candidates that were refused, alarms. */
const LANES = ['released', 'refused', 'alarms'];
const MARKS: Record<
  Exclude<LifeMark['kind'], 'data'>,
  { color: string; icon: IconName; lane: number; through?: boolean }
> = {
  refused: { color: '--bad', icon: 'cross', lane: 1 },
  promoted: { color: '--good', icon: 'up', lane: 0, through: true },
  'rolled-back': { color: '--bad', icon: 'back', lane: 0, through: true },
  expired: { color: '--warn', icon: 'clock', lane: 0 },
  alarm: { color: '--warn', icon: 'warn', lane: 2 },
  release: { color: '--busy', icon: 'releases', lane: 0 },
};

/** A model's life: the loss of what served, the frozen first model beside it, every decision as a mark. */
export function LifeChart({
  view,
  onZoom,
}: {
  view: ModelView;
  onZoom: (range: { from: number; to: number } | null) => void;
}) {
  const { life } = view;
  const frozen = life.some((point) => point.frozen !== null);
  const banded = life.some((point) => point.serving.low !== null);
  return (
    <Plot
      label={`Life of ${view.model}: realised ${view.lossMetric} over time with decisions`}
      x={life.map((point) => (point.startMs + point.endMs) / 2)}
      xKind="time"
      height={296}
      lanes={LANES}
      onZoom={onZoom}
      {...(life.length === 0
        ? {}
        : {
            extent: {
              from: life[0]?.startMs ?? 0,
              to: Math.max(life.at(-1)?.endMs ?? 0, view.marks.at(-1)?.atMs ?? 0),
            },
          })}
      series={[
        {
          label: `what served, realised ${view.lossMetric}`,
          values: life.map((point) => (point.enough ? point.serving.value : null)),
          color: '--chart-1',
          points: true,
          ...(banded
            ? {
                low: life.map((point) => (point.enough ? point.serving.low : null)),
                high: life.map((point) => (point.enough ? point.serving.high : null)),
              }
            : {}),
        },
        ...(frozen
          ? [
              {
                label: 'first model, frozen',
                values: life.map((point) => point.frozen),
                color: '--chart-grey',
                dash: [4, 3],
              },
            ]
          : []),
      ]}
      spans={life
        .filter((point) => !point.enough)
        .map((point) => ({
          from: point.startMs,
          to: point.endMs,
          label: '',
          kind: 'hatch' as const,
        }))}
      marks={view.marks.flatMap((mark): PlotMark[] =>
        mark.kind === 'data'
          ? []
          : [{ x: mark.atMs, text: mark.text, to: mark.to, ...MARKS[mark.kind] }],
      )}
      ticks={view.marks.filter((mark) => mark.kind === 'data').map((mark) => mark.atMs)}
    />
  );
}
