import type { DeliveryFigure } from '../../../src/contract/views/maturity-view.ts';
import { EvidenceLinks } from './evidence-links.tsx';
import { Panel } from './page.tsx';
import { formatDurationShort, formatNumber, formatShare } from '../format.ts';

/** From here on hours are told as days. */
const LONG_HOURS = 72;

/** How fast and how safely changes come out; figures of fewer than three cases stay empty and stand apart. */
export function DeliveryFigures({
  figures,
  days,
}: {
  figures: readonly DeliveryFigure[];
  days: number;
}) {
  const known = figures.filter((figure) => figure.value !== null);
  const unknown = figures.filter((figure) => figure.value === null);
  return (
    <Panel title="Delivery" note={`of ${days} days, by events alone`}>
      <div className="cards">
        {known.map((figure) => (
          <Figure key={figure.id} figure={figure} />
        ))}
      </div>
      {unknown.length === 0 ? null : (
        <details className="figures-none" open={known.length === 0}>
          <summary>
            <span className="figure-none">
              not enough cases yet for {unknown.length} more{' '}
              {unknown.length === 1 ? 'figure' : 'figures'}
            </span>
          </summary>
          <table className="table wrap" aria-label="Figures without enough cases">
            <tbody>
              {unknown.map((figure) => (
                <tr key={figure.id}>
                  <td style={{ width: '34%' }}>{figure.title}</td>
                  <td className="muted">
                    n = {formatNumber(figure.n)}
                    {figure.note === '' ? '' : `; ${figure.note}`}
                  </td>
                  <td style={{ width: 250 }}>
                    {figure.evidence.length === 0 ? null : (
                      <EvidenceLinks ids={figure.evidence} what={figure.title} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </Panel>
  );
}

function Figure({ figure }: { figure: DeliveryFigure }) {
  return (
    <section className="figure" aria-label={figure.title}>
      <h3>{figure.title}</h3>
      <p className="figure-value">
        {withUnit(figure.value ?? 0, figure.unit)}
        {figure.p90 === null ? null : (
          <span className="muted"> · 90 % within {withUnit(figure.p90, figure.unit)}</span>
        )}
      </p>
      <p className="muted">
        n = {formatNumber(figure.n)}
        {figure.note === '' ? '' : `; ${figure.note}`}
      </p>
      <EvidenceLinks ids={figure.evidence} what={figure.title} />
    </section>
  );
}

/** `3 d`, `12 % of releases`, `0.8 a week`. */
function withUnit(value: number, unit: string): string {
  if (unit === 'ms') return formatDurationShort(value);
  if (unit.startsWith('share')) return `${formatShare(value)}${unit.slice('share'.length)}`;
  if (unit === 'hours' && value >= LONG_HOURS) return `${formatNumber(value / 24)} days`;
  return `${formatNumber(value)} ${unit}`;
}
