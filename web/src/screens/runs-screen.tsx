import { getRouteApi } from '@tanstack/react-router';
import type { RunItem, RunsView } from '../../../src/contract/views/runs-view.ts';
import { usePages } from '../api/use-view.ts';
import type { Column } from '../components/data-table.tsx';
import { changedSearch } from '../components/changed-search.ts';
import { SelectFilter, TextFilter } from '../components/filters.tsx';
import { EmptyState, Page } from '../components/page.tsx';
import { PagedTable } from '../components/paged-table.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, TimeAgo } from '../components/time-ago.tsx';
import { formatNumber } from '../format.ts';

const route = getRouteApi('/runs');
const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];
const CAUSES = ['manual', 'schedule', 'new-data', 'alarm', 'push', 'message', 'api', 'ad hoc'];

export function RunsScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = usePages<RunsView>('/api/views/runs', search);
  const change = (part: typeof search): void =>
    void navigate({ search: changedSearch(search, part), replace: true });
  return (
    <Page title="Runs" question="What ran, and how did it do?">
      <div className="filters">
        <TextFilter
          label="Filter by id, pipeline or cause"
          value={search.text}
          change={(text) => change({ text })}
        />
        <SelectFilter
          label="Pipeline"
          data={view.data?.pages[0]?.pipelines ?? []}
          value={search.pipeline}
          change={(pipeline) => change({ pipeline })}
        />
        <SelectFilter
          label="State"
          data={STATES}
          value={search.state}
          change={(state) => change({ state })}
        />
        <SelectFilter
          label="Cause"
          data={CAUSES}
          value={search.cause}
          change={(cause) => change({ cause })}
        />
      </div>
      <PagedTable
        label="Runs"
        view={view}
        rowsOf={(page) => page.items}
        columns={columnsFor}
        rowKey={(row) => row.runId}
        to={(row) => `/runs/${row.runId}`}
        filtered={Object.keys(search).length > 0}
        empty={
          <EmptyState
            title="No run yet"
            text="A run executes a pipeline of rondo.yaml: by hand, on a schedule, when new data arrive, or when a monitor alarms."
            lines={['npx rondo run PIPELINE', 'npx rondo runs']}
          />
        }
      />
    </Page>
  );
}

/** What models are judged by stands before counts and timings. */
const JUDGED_BY = ['log_loss', 'auc', 'brier', 'rmse', 'mae', 'accuracy', 'error_rate'];
function rank(metric: string): number {
  const at = JUDGED_BY.indexOf(metric);
  return at < 0 ? JUDGED_BY.length : at;
}

/** The metrics that most of the runs have, at most three. */
function columnsFor(rows: readonly RunItem[]): Column<RunItem>[] {
  const counts = new Map<string, number>();
  for (const row of rows)
    for (const name of Object.keys(row.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const metrics = [...counts]
    .sort((left, right) => rank(left[0]) - rank(right[0]) || right[1] - left[1])
    .slice(0, 3)
    .map(([name]) => name);
  return [
    { key: 'state', head: 'State', cell: (row) => <StateWord state={row.state} /> },
    { key: 'pipeline', head: 'Pipeline', cell: (row) => row.pipeline },
    {
      key: 'cause',
      head: 'Cause',
      cell: (row) => (
        <span className="truncate" title={row.cause.text}>
          <span className="chip">{row.cause.kind}</span> {row.cause.text}
        </span>
      ),
    },
    {
      key: 'produced',
      head: 'Produced',
      cell: (row) =>
        row.produced ? (
          `${row.produced.model} ${row.produced.version}`
        ) : (
          <span className="muted">–</span>
        ),
    },
    ...metrics.map((name): Column<RunItem> => ({
      key: `metric ${name}`,
      head: name,
      numeric: true,
      cell: (row) => formatNumber(row.metrics[name]),
    })),
    {
      key: 'steps',
      head: 'Steps',
      numeric: true,
      cell: (row) =>
        row.kind === 'ad hoc' ? (
          <span className="muted">–</span>
        ) : (
          `${row.steps.done}/${row.steps.total}${row.steps.cached > 0 ? ` (${row.steps.cached} cached)` : ''}`
        ),
    },
    {
      key: 'duration',
      head: 'Took',
      numeric: true,
      cell: (row) => <Duration ms={row.durationMs} />,
    },
    {
      key: 'started',
      head: 'Started',
      numeric: true,
      cell: (row) => <TimeAgo atMs={row.startedMs} />,
    },
  ];
}
