import { getRouteApi } from '@tanstack/react-router';
import type { GateView, VersionView } from '../../../src/contract/views/models-view.ts';
import { useView } from '../api/use-view.ts';
import { SliceBars } from '../charts/slice-bars.tsx';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { Statements } from '../components/statements.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Time } from '../components/time-ago.tsx';
import { formatDurationShort, formatNumber, shortDigest } from '../format.ts';

const route = getRouteApi('/models/$model/$version');

export function VersionScreen() {
  const { model, version } = route.useParams();
  const view = useView<VersionView>(`/api/views/models/${model}/versions/${version}`);
  return (
    <Page
      title={`${model} ${version}`}
      question="May it go out, and why?"
      crumbs={
        <>
          <Go to="/models">Models</Go> / <Go to={`/models/${model}`}>{model}</Go>
        </>
      }
      actions={<LineageLink kind="model-version" id={`${model}/${version}`} />}
    >
      <Loaded view={view}>
        {(data) => (
          <>
            <VerdictCard state={<StateWord state={data.item.state} />}>{data.sentence}</VerdictCard>
            <div className="main-side">
              <div className="stack">
                <Panel title="Gates" note={`${data.gates.length} asked`} flush>
                  {data.gates.length === 0 ? (
                    <p className="muted pad">No gate has judged this version yet.</p>
                  ) : (
                    data.gates.map((gate, index) => <Gate key={index} gate={gate} />)
                  )}
                </Panel>
                {data.slices.length > 0 ? (
                  <Panel
                    title="Slices"
                    note={
                      data.slices.some((slice) => slice.estimate.low !== null)
                        ? 'worst first, with intervals'
                        : 'worst first; the line is the gate’s limit'
                    }
                  >
                    <SliceBars slices={data.slices} />
                  </Panel>
                ) : null}
                <Panel title="What became of it" flush>
                  <Statements items={data.history} empty="Nothing yet." />
                </Panel>
              </div>
              <div className="stack">
                <Panel title="Card">
                  <Facts
                    items={[
                      ...Object.entries(data.item.metrics).map(
                        ([name, value]): [string, string] => [name, formatNumber(value)],
                      ),
                      ['aliases', data.item.aliases.join(', ') || 'none'],
                      ...(data.item.origin === 'pipeline'
                        ? []
                        : [['made by', 'an ad hoc run'] as const]),
                      ['registered', <Time key="t" atMs={data.item.createdMs} />],
                      [
                        'digest',
                        <code key="d" title={data.digest}>
                          {shortDigest(data.digest)}
                        </code>,
                      ],
                    ]}
                  />
                  {data.item.cause ? (
                    <p className="muted" style={{ marginTop: 12 }}>
                      Trained because: {data.item.cause}
                    </p>
                  ) : null}
                </Panel>
                <Panel title="Lineage" flush>
                  <ul className="statements">
                    {data.lineage.map((link) => (
                      <li
                        key={`${link.kind} ${link.text}`}
                        style={{ gridTemplateColumns: '64px minmax(0, 1fr)' }}
                      >
                        <span className="muted">{link.kind}</span>
                        {link.to ? <Go to={link.to}>{link.text}</Go> : link.text}
                      </li>
                    ))}
                  </ul>
                </Panel>
                <Panel title="Signature" note={`${data.signature.length} inputs`} flush>
                  <table className="table wrap">
                    <thead>
                      <tr>
                        <th scope="col">Column</th>
                        <th scope="col">Type</th>
                        <th scope="col">Comes from</th>
                      </tr>
                    </thead>
                    <tbody>
                      {data.signature.map((column) => {
                        const feature = data.features.find((one) => one.column === column.name);
                        return (
                          <tr key={column.name}>
                            <td>{column.name}</td>
                            <td className="muted">{column.type}</td>
                            <td className="muted">
                              {feature
                                ? `${feature.view} by ${feature.entity}, at most ${formatDurationShort(feature.ttlMs)} old`
                                : 'the request'}
                            </td>
                          </tr>
                        );
                      })}
                    </tbody>
                  </table>
                </Panel>
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Gate({ gate }: { gate: GateView }) {
  return (
    <details className="gate">
      <summary>
        <StateWord state={gate.state} word={gate.kind} />
        <span>{gate.sentence}</span>
      </summary>
      <pre className="snippet">{JSON.stringify(gate.evidence, null, 2)}</pre>
    </details>
  );
}
