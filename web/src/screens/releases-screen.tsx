import { getRouteApi } from '@tanstack/react-router';
import type { ReleaseItem, ReleasesView } from '../../../src/contract/views/releases-view.ts';
import { usePages } from '../api/use-view.ts';
import type { Column } from '../components/data-table.tsx';
import { changedSearch } from '../components/changed-search.ts';
import { SelectFilter } from '../components/filters.tsx';
import { EmptyState, Page } from '../components/page.tsx';
import { PagedTable } from '../components/paged-table.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, TimeAgo } from '../components/time-ago.tsx';
import { formatNumber, formatShare } from '../format.ts';

const route = getRouteApi('/releases');
const STATES = ['waiting', 'running', 'promoted', 'rolled-back', 'expired', 'withdrawn'];

const COLUMNS: Column<ReleaseItem>[] = [
  { key: 'state', head: 'State', cell: (row) => <StateWord state={row.state} /> },
  { key: 'version', head: 'Version', cell: (row) => `${row.model} ${row.version}` },
  { key: 'endpoint', head: 'Endpoint', cell: (row) => row.endpoint },
  {
    key: 'against',
    head: 'Against',
    cell: (row) =>
      row.champion === null ? (
        <span className="muted">first version</span>
      ) : (
        `version ${row.champion}`
      ),
  },
  { key: 'stage', head: 'Stage', cell: (row) => row.stage },
  {
    key: 'share',
    head: 'Traffic',
    numeric: true,
    cell: (row) =>
      formatShare(row.state === 'promoted' ? 1 : row.state === 'running' ? row.share : 0),
  },
  { key: 'requests', head: 'Requests', numeric: true, cell: (row) => formatNumber(row.requests) },
  {
    key: 'why',
    head: 'Why',
    cell: (row) => (
      <span className="truncate" title={row.reason ?? ''}>
        {row.reason ?? '–'}
      </span>
    ),
  },
  {
    key: 'took',
    head: 'Took',
    numeric: true,
    cell: (row) => <Duration ms={row.endedMs === null ? null : row.endedMs - row.startedMs} />,
  },
  {
    key: 'started',
    head: 'Started',
    numeric: true,
    cell: (row) => <TimeAgo atMs={row.startedMs} />,
  },
];

export function ReleasesScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = usePages<ReleasesView>('/api/views/releases', search);
  const change = (part: typeof search): void =>
    void navigate({ search: changedSearch(search, part), replace: true });
  return (
    <Page title="Releases" question="How far is each version, and how sure are we?">
      <div className="filters">
        <SelectFilter
          label="Endpoint"
          data={view.data?.pages[0]?.endpoints ?? []}
          value={search.endpoint}
          change={(endpoint) => change({ endpoint })}
          width={170}
        />
        <SelectFilter
          label="State"
          data={STATES}
          value={search.state}
          change={(state) => change({ state })}
        />
      </div>
      <PagedTable
        label="Releases"
        view={view}
        rowsOf={(page) => page.items}
        columns={COLUMNS}
        rowKey={(row) => row.releaseId}
        to={(row) => `/releases/${row.releaseId}`}
        filtered={Object.keys(search).length > 0}
        empty={
          <EmptyState
            title="No release yet"
            text="A version whose gates passed goes to its endpoint by itself: shadow first, then growing shares of the traffic, each step decided by evidence."
            lines={['npx rondo run PIPELINE', 'npx rondo releases']}
          />
        }
      />
    </Page>
  );
}
