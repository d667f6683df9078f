import { SegmentedControl } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import type {
  MaturityRequirement,
  MaturityView,
} from '../../../src/contract/views/maturity-view.ts';
import { useView } from '../api/use-view.ts';
import { LevelLadder } from '../charts/level-ladder.tsx';
import { DeliveryFigures } from '../components/delivery-figures.tsx';
import { EvidenceLinks } from '../components/evidence-links.tsx';
import { EmptyState, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { TestScore } from '../components/test-score.tsx';
import { formatDay, formatNumber } from '../format.ts';

const route = getRouteApi('/maturity');
const SPANS = [
  { value: '28', label: '28 d' },
  { value: '90', label: '90 d' },
  { value: '365', label: '1 y' },
];

export function MaturityScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView<MaturityView>('/api/maturity', search);
  return (
    <Page
      title="Maturity"
      question="How good is our practice, by what really happened?"
      actions={
        <SegmentedControl
          aria-label="Window"
          data={SPANS}
          value={String(search.days ?? view.data?.window.days ?? '')}
          onChange={(days) => void navigate({ search: { days: Number(days) }, replace: true })}
        />
      }
    >
      <Loaded view={view}>
        {(data) => (
          <>
            <VerdictCard
              state={
                <StateWord
                  state={data.level === 2 ? 'passed' : data.level === 1 ? 'advanced' : 'waiting'}
                  word={`level ${data.level}`}
                />
              }
            >
              {data.sentence}
            </VerdictCard>
            <div className="main-side">
              <Panel
                title="Levels"
                note={`${formatDay(data.window.fromMs)} – ${formatDay(data.window.toMs)}, ${data.window.days} days`}
              >
                <LevelLadder view={data} />
              </Panel>
              <Panel title="To do next" note="what would raise it first" flush>
                <NextThree view={data} />
              </Panel>
            </div>
            {isEmpty(data) ? (
              <EmptyState
                title="Nothing has happened that could prove anything"
                text="The level, the tests and the figures are computed from what really happened: runs, gates, releases, commits, alarms. Each requirement then names the events that prove it. Begin the loop:"
                lines={['npx rondo run PIPELINE', 'git commit', 'npx rondo maturity']}
              />
            ) : null}
            {(isEmpty(data) ? [] : [1, 2]).map((level) => (
              <Panel
                key={level}
                title={`What level ${level} asks`}
                note={countText(data.requirements.filter((one) => one.level === level))}
                flush
              >
                <Requirements
                  label={`Requirements of level ${level}`}
                  rows={data.requirements.filter((one) => one.level === level)}
                />
              </Panel>
            ))}
            {isEmpty(data) ? null : <TestScore score={data.testScore} />}
            {isEmpty(data) ? null : (
              <DeliveryFigures figures={data.delivery} days={data.window.days} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** No requirement has a single case: the project is new. */
function isEmpty(data: MaturityView): boolean {
  return data.requirements.every((one) => one.n === 0);
}

function countText(rows: readonly MaturityRequirement[]): string {
  const met = rows.filter((row) => row.state === 'automatic').length;
  return `${met} of ${rows.length} met without a hand`;
}

function NextThree({ view }: { view: MaturityView }) {
  const rows = view.next.flatMap((id) => view.requirements.find((one) => one.id === id) ?? []);
  if (rows.length === 0) return <p className="muted pad">Every requirement is met.</p>;
  return (
    <ul className="statements">
      {rows.map((row) => (
        <li key={row.id} style={{ gridTemplateColumns: 'minmax(0, 1fr)' }}>
          <span className="todo">
            <b>{row.title}</b>
            <StateWord state={row.state} />
            <span className="muted">{row.reason}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Requirements({ label, rows }: { label: string; rows: readonly MaturityRequirement[] }) {
  return (
    <div className="table-box">
      <table className="table wrap" aria-label={label}>
        <thead>
          <tr>
            <th scope="col" style={{ width: 150 }}>
              State
            </th>
            <th scope="col">Requirement, and what was seen</th>
            <th scope="col" className="num" style={{ width: 60 }}>
              n
            </th>
            <th scope="col" style={{ width: 300 }}>
              Evidence
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className="nowrap">
                <StateWord state={row.state} />
              </td>
              <td>
                <b>{row.title}</b> <span className="muted">{row.id}</span>
                <br />
                <span className="muted">{row.reason}</span>
              </td>
              <td className="num">{formatNumber(row.n)}</td>
              <td>
                <EvidenceLinks ids={row.evidence} what={row.title} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
