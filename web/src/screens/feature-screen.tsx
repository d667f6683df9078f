import { getRouteApi } from '@tanstack/react-router';
import type { FeatureView } from '../../../src/contract/views/features-view.ts';
import { useView } from '../api/use-view.ts';
import { ProfileCard } from '../charts/profile-card.tsx';
import { SkewChart } from '../charts/skew-chart.tsx';
import { EventLink } from '../components/evidence-links.tsx';
import { Go } from '../components/go.tsx';
import { CopyLine, Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Time, TimeAgo } from '../components/time-ago.tsx';
import { formatDurationShort, formatNumber, formatShare, shortDigest } from '../format.ts';
import { featureState } from './features-screen.tsx';

const route = getRouteApi('/features/$feature');
const SKEW_ROWS = 30;

export function FeatureScreen() {
  const { feature: name } = route.useParams();
  const view = useView<FeatureView>(`/api/views/features/${name}`);
  return (
    <Page
      title={name}
      question="What does it say, how fresh is it, and is it online what it was in training?"
      crumbs={<Go to="/features">Features</Go>}
      actions={<CopyLine line="npx rondo features verify" label="recompute what was served" />}
    >
      <Loaded view={view}>
        {(data) => {
          const { state, word } = featureState(data.item);
          return (
            <>
              <VerdictCard state={<StateWord state={state} word={word} />}>
                {data.sentence}
              </VerdictCard>
              <Panel
                title="Values"
                note="bars: as the newest predictions were given them; lines: as stored by key now"
              >
                <div className="profile">
                  {data.columns.map((column) => (
                    <Values key={column.name} column={column} />
                  ))}
                </div>
              </Panel>
              <div className="main-side">
                <div className="stack">
                  <Panel
                    title="Online against offline"
                    note="share of rows that differ, with its 95 % interval, per judged version"
                  >
                    <SkewChart results={data.skew} />
                  </Panel>
                  <Panel title="Definition" note={<code>{shortDigest(data.item.digest)}</code>}>
                    <pre className="snippet" tabIndex={0} aria-label="SQL of the view">
                      {data.definition.sql}
                    </pre>
                  </Panel>
                </div>
                <div className="stack">
                  <Panel title="Facts">
                    <FactsOf data={data} />
                  </Panel>
                  <Panel title="Versions that use it" flush>
                    <Uses data={data} />
                  </Panel>
                </div>
              </div>
              {data.skew.length > 0 ? <SkewTable data={data} /> : null}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Values({ column }: { column: FeatureView['columns'][number] }) {
  const shown = column.served ?? column.stored;
  if (shown === null)
    return (
      <div className="profile-card">
        <h3>
          {column.name} <span className="muted">{column.type.toLowerCase()}</span>
        </h3>
        <p className="muted">No value yet.</p>
      </div>
    );
  return (
    <div>
      <ProfileCard
        column={shown}
        other={column.served ? (column.stored ?? undefined) : undefined}
      />
      <p className="muted card-note">
        {column.missing.share === null
          ? 'not served yet: values as stored'
          : `missing in ${formatShare(column.missing.share)} of ${formatNumber(column.missing.n)} predictions`}
      </p>
    </div>
  );
}

function FactsOf({ data: { item, definition } }: { data: FeatureView }) {
  const history = definition.history;
  return (
    <Facts
      items={[
        ['entity', item.entity],
        [
          'dataset',
          <Go key="d" to={`/datasets/${item.dataset}`}>
            {item.dataset}
          </Go>,
        ],
        ['time to live', formatDurationShort(item.ttlMs)],
        ['event time', definition.time.event],
        ['known since', definition.time.available],
        [
          'looks back',
          history === null
            ? 'a row alone'
            : history.spanMs === null
              ? `${formatNumber(history.rows)} rows`
              : formatDurationShort(history.spanMs),
        ],
        ['rows in its log', formatNumber(item.rows)],
        ['keys', formatNumber(item.keys)],
        ['keys too old', formatNumber(item.stale)],
        ['newest event', <TimeAgo key="e" atMs={item.newestEventMs} />],
        ['known until', <TimeAgo key="a" atMs={item.newestAvailableMs} />],
        ['files behind', formatNumber(item.behind)],
      ]}
    />
  );
}

function Uses({ data }: { data: FeatureView }) {
  if (data.usedBy.length === 0)
    return <p className="muted pad">No model version was trained on this definition.</p>;
  return (
    <ul className="statements scroll">
      {data.usedBy.map((use) => (
        <li
          key={`${use.model} ${use.version}`}
          style={{ gridTemplateColumns: 'minmax(0, 1fr) auto' }}
        >
          <Go to={`/models/${use.model}/${use.version}`}>
            {use.model} {use.version}
          </Go>
          <StateWord state={use.state} />
        </li>
      ))}
      {data.others.map((other) => (
        <li key={other.digest} style={{ gridTemplateColumns: 'minmax(0, 1fr) auto' }}>
          <span className="muted">
            former definition <code>{shortDigest(other.digest)}</code>, {formatNumber(other.rows)}{' '}
            rows
          </span>
          <StateWord state={other.state} />
        </li>
      ))}
    </ul>
  );
}

function SkewTable({ data }: { data: FeatureView }) {
  return (
    <Panel title="Judgements" note="of the skew gate, newest first" flush>
      <div className="table-box">
        <table className="table" aria-label="Judgements of the skew gate">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Feature</th>
              <th scope="col">Version</th>
              <th scope="col">Online side</th>
              <th scope="col" className="num">
                Rows
              </th>
              <th scope="col" className="num">
                Differ, %
              </th>
              <th scope="col" className="num">
                95 % interval
              </th>
              <th scope="col" className="num">
                At most, %
              </th>
              <th scope="col" className="num">
                When
              </th>
            </tr>
          </thead>
          <tbody>
            {data.skew.slice(0, SKEW_ROWS).map((result) => (
              <tr key={`${result.model} ${result.version} ${result.column}`}>
                <td>
                  <StateWord state={result.outcome} />
                </td>
                <td>{result.column}</td>
                <td>
                  <Go to={`/models/${result.model}/${result.version}`}>
                    {result.model} {result.version}
                  </Go>
                </td>
                <td className="muted">
                  {result.source === 'served' ? 'as served' : 'evaluated again'}
                </td>
                <td className="num">{formatNumber(result.rows)}</td>
                <td className="num">{formatNumber(result.share * 100)}</td>
                <td className="num">
                  {formatNumber(result.low * 100)} to {formatNumber(result.high * 100)}
                </td>
                <td className="num">{formatNumber(result.max * 100)}</td>
                <td className="num">
                  <EventLink eventId={result.eventId} what={`skew of ${result.column}`}>
                    <Time atMs={result.atMs} />
                  </EventLink>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
