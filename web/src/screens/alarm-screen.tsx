import { getRouteApi } from '@tanstack/react-router';
import type { AlarmView } from '../../../src/contract/views/monitors-view.ts';
import { useView } from '../api/use-view.ts';
import { DriftTable } from '../charts/drift-table.tsx';
import { LossChart } from '../charts/loss-chart.tsx';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { Statements } from '../components/statements.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, Time } from '../components/time-ago.tsx';
import { formatDay, formatNumber } from '../format.ts';

const route = getRouteApi('/alarms/$alarm');

export function AlarmScreen() {
  const { alarm: id } = route.useParams();
  const view = useView<AlarmView>(`/api/views/alarms/${id}`);
  return (
    <Loaded view={view}>
      {(data) => {
        const { alarm, effect } = data;
        const interval =
          effect.low === null || effect.high === null
            ? ''
            : ` (${formatNumber(effect.low)} to ${formatNumber(effect.high)})`;
        return (
          <Page
            title={`Alarm of ${alarm.monitor}`}
            question="What changed, by how much, and since when?"
            crumbs={
              <>
                <Go to="/monitors">Monitors</Go> /{' '}
                <Go to={`/monitors/${alarm.endpoint}`}>{alarm.endpoint}</Go>
              </>
            }
            actions={<LineageLink kind="alarm" id={alarm.alarmId} />}
          >
            <VerdictCard state={<StateWord state={alarm.state} />}>{alarm.sentence}</VerdictCard>
            <div className="main-side">
              <div className="stack">
                <Panel
                  title={`Realised ${data.monitoring.metric}`}
                  note="the first bad window is shaded"
                >
                  <LossChart
                    points={data.monitoring.loss}
                    metric={data.monitoring.metric}
                    limit={data.monitoring.limit}
                    bad={data.firstBadWindow}
                    alarms={data.monitoring.alarms}
                  />
                </Panel>
                {data.columns.length > 0 ? (
                  <Panel title="Columns at the alarm" note="largest effect first" flush>
                    <table className="table">
                      <thead>
                        <tr>
                          <th scope="col">Column</th>
                          <th scope="col" className="num">
                            Effect
                          </th>
                          <th scope="col">Measure</th>
                          <th scope="col" className="num">
                            Evidence
                          </th>
                          <th scope="col">State</th>
                        </tr>
                      </thead>
                      <tbody>
                        {data.columns.map((column) => (
                          <tr key={column.column}>
                            <td>{column.column}</td>
                            <td className="num">{formatNumber(column.effect)}</td>
                            <td className="muted">{column.effectName}</td>
                            <td className="num">{formatNumber(column.evidence)}</td>
                            <td>
                              <StateWord
                                state={
                                  column.enough
                                    ? column.alarm
                                      ? 'alarm'
                                      : 'quiet'
                                    : 'not-enough-evidence'
                                }
                              />
                            </td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </Panel>
                ) : null}
                {data.monitoring.drift.length > 0 ? (
                  <Panel title="Drift around it">
                    <DriftTable columns={data.monitoring.drift} />
                  </Panel>
                ) : null}
              </div>
              <div className="stack">
                <Panel title="Finding">
                  <Facts
                    items={[
                      ['effect', `${formatNumber(effect.value)} ${effect.unit}${interval}`],
                      [
                        'evidence',
                        `${formatNumber(data.evidence.value)}, alarm at ${formatNumber(data.evidence.threshold)}`,
                      ],
                      [
                        'first bad window',
                        `${formatDay(data.firstBadWindow.startMs)} – ${formatDay(data.firstBadWindow.endMs)}`,
                      ],
                      ['opened', <Time key="o" atMs={alarm.openedMs} />],
                      [
                        'lasted',
                        alarm.closedMs === null ? (
                          'still open'
                        ) : (
                          <Duration key="l" ms={alarm.closedMs - alarm.openedMs} />
                        ),
                      ],
                      ['about', alarm.subject],
                    ]}
                  />
                </Panel>
                <Panel
                  title={alarm.closedMs === null ? 'What would close it' : 'Why it was closed'}
                >
                  <p>{data.closes}</p>
                </Panel>
                <Panel title="What it set off" flush>
                  <Statements
                    items={data.consequences}
                    empty="No trigger and no channel answered this alarm."
                  />
                </Panel>
                {data.examples.length > 0 ? (
                  <Panel title="Examples" note="prediction ids">
                    <details>
                      <summary className="link">
                        {data.examples.length} predictions of the first bad window
                      </summary>
                      {data.examples.map((example) => (
                        <div key={example}>
                          <code>{example}</code>
                        </div>
                      ))}
                    </details>
                  </Panel>
                ) : null}
              </div>
            </div>
          </Page>
        );
      }}
    </Loaded>
  );
}
