import { getRouteApi } from '@tanstack/react-router';
import type { EndpointView } from '../../../src/contract/views/endpoints-view.ts';
import { useView } from '../api/use-view.ts';
import { Plot } from '../charts/plot.tsx';
import { DataTable, type Column } from '../components/data-table.tsx';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { RangePicker, type RangeSearch } from '../components/range-picker.tsx';
import { StateWord } from '../components/state-word.tsx';
import { TimeAgo } from '../components/time-ago.tsx';
import { TryIt } from '../components/try-it.tsx';
import { formatDurationShort, formatNumber, formatShare } from '../format.ts';

const route = getRouteApi('/endpoints/$endpoint');
const COLORS = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-grey'];

export function EndpointScreen() {
  const { endpoint } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView<EndpointView>(`/api/views/endpoints/${endpoint}`, search);
  const change = (range: RangeSearch): void => void navigate({ search: range });
  const zoom = (range: { from: number; to: number } | null): void => change(range ?? {});
  return (
    <Page
      title={endpoint}
      question="Is it well?"
      crumbs={<Go to="/endpoints">Endpoints</Go>}
      actions={
        <>
          <LineageLink kind="endpoint" id={endpoint} />
          <RangePicker search={search} change={change} fallback="7" />
        </>
      }
    >
      <Loaded view={view}>
        {(data) => (
          <>
            <VerdictCard
              state={
                <StateWord
                  state={data.item.state}
                  word={
                    data.item.state === 'waiting'
                      ? 'no version yet'
                      : data.item.state === 'ok'
                        ? 'well'
                        : data.item.state
                  }
                />
              }
            >
              {data.item.sentence}{' '}
              {data.item.release ? (
                <Go to={`/releases/${data.item.release.releaseId}`}>Follow the release</Go>
              ) : null}
            </VerdictCard>
            <div className="two">
              <Traffic data={data} zoom={zoom} />
              <Latency data={data} zoom={zoom} />
            </div>
            <div className="main-side">
              <Panel
                title="Try it"
                note="sent to the gateway as a real request; the prediction is recorded"
              >
                <TryIt endpoint={endpoint} fields={data.tryIt.fields} />
              </Panel>
              <div className="stack">
                <Panel title="Health of the range">
                  <Facts
                    items={[
                      ['requests', formatNumber(data.labels.predictions)],
                      [
                        'labels arrived',
                        data.labels.predictions === 0
                          ? '–'
                          : formatShare(data.labels.labelled / data.labels.predictions),
                      ],
                      [
                        'errors',
                        formatNumber(data.traffic.reduce((sum, point) => sum + point.errors, 0)),
                      ],
                      [
                        'open alarms',
                        data.item.openAlarms === 0 ? (
                          '0'
                        ) : (
                          <Go key="a" to={`/monitors/${endpoint}`}>
                            {data.item.openAlarms}
                          </Go>
                        ),
                      ],
                    ]}
                  />
                </Panel>
                <Panel title="Features missing or stale" note="of the newest 1,000 requests" flush>
                  {data.missingFeatures.length === 0 ? (
                    <p className="muted pad">Every feature was present and fresh.</p>
                  ) : (
                    <table className="table">
                      <tbody>
                        {data.missingFeatures.map((feature) => (
                          <tr key={feature.column}>
                            <td>{feature.column}</td>
                            <td className="num">{formatNumber(feature.missing)}</td>
                            <td className="num">{formatShare(feature.share)}</td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  )}
                </Panel>
              </div>
            </div>
            <Panel title="Newest predictions" flush>
              <DataTable
                label="Newest predictions"
                columns={PREDICTIONS}
                rows={data.recent}
                rowKey={(row) => row.id}
              />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The four versions that answered most: more lines than colours say nothing. */
function mostServed(data: EndpointView): string[] {
  const total = (version: string): number =>
    data.traffic.reduce((sum, point) => sum + (point.versions[version] ?? 0), 0);
  return [...data.versions].sort((left, right) => total(right) - total(left)).slice(0, 4);
}

type Zoom = (range: { from: number; to: number } | null) => void;

function Traffic({ data, zoom }: { data: EndpointView; zoom: Zoom }) {
  return (
    <Panel
      title="Requests"
      note={`per ${formatDurationShort(data.bucketMs)}, by the version that answered`}
    >
      <Plot
        label="Requests over time by version"
        x={data.traffic.map((point) => point.startMs)}
        xKind="time"
        height={200}
        sync="endpoint"
        onZoom={zoom}
        from0
        series={[
          ...mostServed(data).map((version, index) => ({
            label: `version ${version}`,
            values: data.traffic.map((point) => point.versions[version] ?? 0),
            color: COLORS[index] ?? '--chart-grey',
          })),
          ...(data.traffic.some((point) => point.errors > 0)
            ? [
                {
                  label: 'errors',
                  values: data.traffic.map((point) => point.errors),
                  color: '--bad',
                },
              ]
            : []),
        ]}
      />
    </Panel>
  );
}

function Latency({ data, zoom }: { data: EndpointView; zoom: Zoom }) {
  return (
    <Panel title="Latency" note="ms, of at most 400 requests per point">
      <Plot
        label="Latency quantiles over time in milliseconds"
        x={data.traffic.map((point) => point.startMs)}
        xKind="time"
        height={200}
        sync="endpoint"
        unit=" ms"
        onZoom={zoom}
        from0
        series={[
          { label: 'p50', values: data.traffic.map((point) => point.p50Ms), color: '--chart-1' },
          { label: 'p95', values: data.traffic.map((point) => point.p95Ms), color: '--chart-2' },
          {
            label: 'p99',
            values: data.traffic.map((point) => point.p99Ms),
            color: '--chart-grey',
            dash: [4, 3],
          },
        ]}
      />
    </Panel>
  );
}

const PREDICTIONS: Column<EndpointView['recent'][number]>[] = [
  { key: 'id', head: 'Prediction', cell: (row) => <code>{row.id}</code> },
  { key: 'version', head: 'Version', cell: (row) => row.version ?? '–' },
  { key: 'arm', head: 'Arm', cell: (row) => row.arm },
  { key: 'score', head: 'Score', numeric: true, cell: (row) => formatNumber(row.score) },
  {
    key: 'label',
    head: 'Label',
    numeric: true,
    cell: (row) =>
      row.label === null ? <span className="muted">not yet</span> : formatNumber(row.label),
  },
  {
    key: 'latency',
    head: 'Latency, ms',
    numeric: true,
    cell: (row) => formatNumber(row.latencyMs),
  },
  {
    key: 'error',
    head: 'Error',
    cell: (row) =>
      row.error === null ? '' : <span className="tone-bad truncate">{row.error}</span>,
  },
  { key: 'at', head: 'Asked', numeric: true, cell: (row) => <TimeAgo atMs={row.atMs} /> },
];
