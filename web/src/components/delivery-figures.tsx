import type { DeliveryFigure } from '../../../src/contract/views/maturity-view.ts';
import { EvidenceLinks } from './evidence-links.tsx';
import { Panel } from './page.tsx';
import { formatDurationShort, formatNumber, formatShare } from '../format.ts';

/** How fast and how safely changes come out; a figure of fewer than three cases stays empty and says so. */
export function DeliveryFigures({
  figures,
  days,
}: {
  figures: readonly DeliveryFigure[];
  days: number;
}) {
  return (
    <Panel title="Delivery" note={`of ${days} days, by events alone`}>
      <div className="cards">
        {figures.map((figure) => (
          <section key={figure.id} className="figure" aria-label={figure.title}>
            <h3>{figure.title}</h3>
            {figure.value === null ? (
              <p className="figure-none">not enough cases</p>
            ) : (
              <p className="figure-value">
                {withUnit(figure.value, figure.unit)}
                {figure.p90 === null ? null : (
                  <span className="muted"> · 90 % within {withUnit(figure.p90, figure.unit)}</span>
                )}
              </p>
            )}
            <p className="muted">
              n = {formatNumber(figure.n)}
              {figure.note === '' ? '' : `; ${figure.note}`}
            </p>
            <EvidenceLinks ids={figure.evidence} what={figure.title} />
          </section>
        ))}
      </div>
    </Panel>
  );
}

function withUnit(value: number, unit: string): string {
  if (unit === 'ms') return formatDurationShort(value);
  if (unit === 'share') return formatShare(value);
  return `${formatNumber(value)} ${unit}`;
}
