import type { GuardSeries } from '../../../src/contract/views/releases-view.ts';
import { Plot } from './plot.tsx';
import type { PlotSpan } from './plot-types.ts';

/** How sure a guard is: log10 of its e-values over events, the lines that decide, the stages behind. */
export function EvidenceChart({ guard }: { guard: GuardSeries }) {
  // Several looks may share one count of events: the last of them stands.
  const points = guard.points.filter(
    (point, index) => guard.points[index + 1]?.events !== point.events,
  );
  const last = points.at(-1);
  const stages: PlotSpan[] = [];
  for (const point of points) {
    const open = stages.at(-1);
    if (open?.label === point.stage) open.to = point.events;
    else
      stages.push({
        from: open?.to ?? point.events,
        to: point.events,
        label: point.stage,
        kind: 'stage',
      });
  }
  const unit = guard.guard === 'quality' ? 'matured pairs' : 'requests';
  if ((last?.events ?? 0) === 0) {
    return (
      <div className="chart-empty">
        <span>not enough evidence: {last?.text ?? 'nothing was looked at yet'}</span>
      </div>
    );
  }
  return (
    <>
      <Plot
        label={`Evidence of ${guard.title} over ${unit}`}
        x={points.map((point) => point.events)}
        xKind="number"
        height={210}
        series={[
          {
            label: 'not worse',
            values: points.map((point) => point.better),
            color: '--chart-3',
            points: points.length < 40,
          },
          {
            label: 'worse',
            values: points.map((point) => point.worse),
            color: '--chart-2',
            points: points.length < 40,
          },
        ]}
        lines={[
          ...(guard.promoteAt === null
            ? []
            : [{ value: guard.promoteAt, label: 'enough to promote', color: '--good' }]),
          ...(guard.rollBackAt === null
            ? []
            : [{ value: guard.rollBackAt, label: 'enough to roll back', color: '--bad' }]),
        ]}
        spans={stages}
      />
      {last ? (
        <p className="muted">
          log₁₀ evidence over {unit}: {last.text}
        </p>
      ) : null}
    </>
  );
}
