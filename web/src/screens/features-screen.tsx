import type { FeatureItem, FeaturesView } from '../../../src/contract/views/features-view.ts';
import { useView } from '../api/use-view.ts';
import { DataTable, type Column } from '../components/data-table.tsx';
import { EmptyState, Loaded, Page, Panel } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { TimeAgo } from '../components/time-ago.tsx';
import { formatDurationShort, formatNumber, formatShare } from '../format.ts';

const COLUMNS: Column<FeatureItem>[] = [
  {
    key: 'state',
    head: 'State',
    cell: (row) => {
      const { state, word } = featureState(row);
      return <StateWord state={state} word={word} />;
    },
  },
  {
    key: 'name',
    head: 'View',
    cell: (row) => (
      <>
        <b>{row.name}</b>{' '}
        {row.state === 'current' ? null : <span className="chip">{row.state}</span>}
      </>
    ),
  },
  { key: 'entity', head: 'By', cell: (row) => row.entity },
  { key: 'dataset', head: 'From', cell: (row) => row.dataset },
  {
    key: 'features',
    head: 'Features',
    numeric: true,
    cell: (row) => formatNumber(row.features.length),
  },
  { key: 'keys', head: 'Keys', numeric: true, cell: (row) => formatNumber(row.keys) },
  {
    key: 'ttl',
    head: 'Time to live',
    numeric: true,
    cell: (row) => formatDurationShort(row.ttlMs),
  },
  {
    key: 'fresh',
    head: 'Known until',
    numeric: true,
    cell: (row) => <TimeAgo atMs={row.newestAvailableMs} />,
  },
  {
    key: 'missing',
    head: 'Missing at serving',
    numeric: true,
    cell: (row) => formatShare(row.missing.share),
  },
  {
    key: 'skew',
    head: 'Online against offline',
    cell: (row) =>
      row.skew === null ? (
        <span className="muted">not judged yet</span>
      ) : (
        <StateWord
          state={row.skew.outcome}
          word={`${formatShare(row.skew.share)} differ of ${formatNumber(row.skew.rows)}`}
        />
      ),
  },
  {
    key: 'used',
    head: 'Serves in',
    cell: (row) =>
      row.usedBy.map((use) => `${use.model} ${use.version}`).join(', ') || (
        <span className="muted">no version</span>
      ),
  },
];

/** The one word for a view: broken first, then late, then old values. */
export function featureState(row: FeatureItem): { state: string; word: string } {
  if (row.error !== null) return { state: 'failed', word: 'failed' };
  if (row.behind > 0)
    return {
      state: 'behind',
      word: `${formatNumber(row.behind)} ${row.behind === 1 ? 'file' : 'files'} behind`,
    };
  if (row.keys === 0) return { state: 'waiting', word: 'no value yet' };
  if (row.stale > row.keys / 2) return { state: 'stale', word: 'mostly old' };
  return { state: 'ok', word: 'fresh' };
}

export function FeaturesScreen() {
  const view = useView<FeaturesView>('/api/views/features');
  return (
    <Page
      title="Features"
      question="What do models know of each thing, and is it the same online as in training?"
    >
      <Loaded view={view}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title="No feature view yet"
              text="A feature view is one SQL over a dataset: training gets its values as they were known at each instant, serving gets the newest. Add it to rondo.yaml:"
              lines={[
                'features:',
                '  origin_delay: { sql: features/origin_delay.sql, from: flights, entity: origin, time: { event: date, available: arrived_at }, ttl: 12h }',
                'npx rondo features',
              ]}
            />
          ) : (
            <Panel flush>
              <DataTable
                label="Feature views"
                columns={COLUMNS}
                rows={items}
                rowKey={(row) => row.digest}
                to={(row) => (row.state === 'current' ? `/features/${row.name}` : null)}
              />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}
