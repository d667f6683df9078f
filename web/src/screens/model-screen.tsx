import { getRouteApi } from '@tanstack/react-router';
import type { ModelView, VersionItem } from '../../../src/contract/views/models-view.ts';
import { usePages } from '../api/use-view.ts';
import { LifeChart } from '../charts/life-chart.tsx';
import { DataTable, ListFoot, type Column } from '../components/data-table.tsx';
import { Go } from '../components/go.tsx';
import { Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { RangePicker, type RangeSearch } from '../components/range-picker.tsx';
import { StateWord } from '../components/state-word.tsx';
import { TimeAgo } from '../components/time-ago.tsx';
import { formatNumber } from '../format.ts';

const route = getRouteApi('/models/$model');

export function ModelScreen() {
  const { model } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = usePages<ModelView>(`/api/views/models/${model}`, search);
  const change = (range: RangeSearch): void => void navigate({ search: range });
  return (
    <Page
      title={model}
      question="How has this model done over its life?"
      crumbs={<Go to="/models">Models</Go>}
      actions={<RangePicker search={search} change={change} />}
    >
      <Loaded view={{ data: view.data, error: view.error }}>
        {({ pages }) => {
          const [first] = pages;
          if (!first) return null;
          const versions = pages.flatMap((page) => page.versions);
          return (
            <>
              <VerdictCard
                state={
                  <StateWord
                    state={first.champion === null ? 'waiting' : 'champion'}
                    word={first.champion === null ? 'not serving' : `version ${first.champion}`}
                  />
                }
              >
                {first.sentence}
              </VerdictCard>
              <Panel
                title="Life"
                note="loss of what served, with its band; every decision as a mark; data versions as ticks"
              >
                <LifeChart view={first} onZoom={(range) => change(range ?? {})} />
              </Panel>
              <Panel title="Versions" flush>
                <DataTable
                  label="Versions"
                  columns={columnsFor(versions, first.lossMetric)}
                  rows={versions}
                  rowKey={(row) => row.version}
                  to={(row) => `/models/${model}/${row.version}`}
                />
                <ListFoot
                  shown={versions.length}
                  more={view.hasNextPage ? () => void view.fetchNextPage() : null}
                  loading={view.isFetchingNextPage}
                />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function columnsFor(versions: readonly VersionItem[], lossMetric: string): Column<VersionItem>[] {
  const names = Object.keys(versions[0]?.metrics ?? {});
  const metrics = [lossMetric, ...names.filter((name) => name !== lossMetric)]
    .filter((name) => names.includes(name))
    .slice(0, 3);
  return [
    { key: 'version', head: 'Version', numeric: true, width: '70px', cell: (row) => row.version },
    {
      key: 'state',
      head: 'State',
      cell: (row) => (
        <>
          <StateWord state={row.state} />{' '}
          {row.origin === 'pipeline' ? null : <span className="chip">ad hoc</span>}
        </>
      ),
    },
    {
      key: 'aliases',
      head: 'Aliases',
      cell: (row) =>
        row.aliases.map((alias) => (
          <span key={alias} className="chip accent">
            {alias}
          </span>
        )),
    },
    ...metrics.map((name): Column<VersionItem> => ({
      key: `metric ${name}`,
      head: name,
      numeric: true,
      cell: (row) => formatNumber(row.metrics[name]),
    })),
    {
      key: 'reason',
      head: 'Why',
      cell: (row) => (
        <span className="truncate" title={row.reason ?? ''}>
          {row.reason ?? '–'}
        </span>
      ),
    },
    {
      key: 'created',
      head: 'Registered',
      numeric: true,
      cell: (row) => <TimeAgo atMs={row.createdMs} />,
    },
  ];
}
