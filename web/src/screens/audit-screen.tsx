import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditItem, AuditView } from '../../../src/contract/views/audit-view.ts';
import { fetchView } from '../api/fetch-view.ts';
import { usePages } from '../api/use-view.ts';
import type { Column } from '../components/data-table.tsx';
import { changedSearch } from '../components/changed-search.ts';
import { SelectFilter, TextFilter } from '../components/filters.tsx';
import { Go } from '../components/go.tsx';
import { CopyLine, EmptyState, Page, VerdictCard } from '../components/page.tsx';
import { PagedTable } from '../components/paged-table.tsx';
import { RangePicker } from '../components/range-picker.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Time, TimeAgo } from '../components/time-ago.tsx';
import { formatNumber, shortId } from '../format.ts';

const route = getRouteApi('/audit');
const PAGE = 200;

/** What `GET /api/audit/verify` says. */
type Verdict =
  | { kind: 'intact'; sealed: number; unsealed: number; head: string }
  | { kind: 'broken'; sealed: number; position: number; eventId: string | null };

const COLUMNS: Column<AuditItem>[] = [
  {
    key: 'position',
    head: 'No.',
    numeric: true,
    width: '80px',
    cell: (row) => formatNumber(row.position),
  },
  { key: 'type', head: 'Event', cell: (row) => <b>{row.type}</b> },
  {
    key: 'subject',
    head: 'About',
    cell: (row) => (
      <span className="truncate" title={`${row.subject.kind} ${row.subject.id}`}>
        <span className="muted">{row.subject.kind}</span>{' '}
        {row.to ? <Go to={row.to}>{shortId(row.subject.id)}</Go> : shortId(row.subject.id)}
      </span>
    ),
  },
  {
    key: 'actor',
    head: 'By',
    cell: (row) => (row.actor === 'auto' ? <span className="muted">the system</span> : row.actor),
  },
  {
    key: 'text',
    head: 'What it says',
    cell: (row) => (
      <span className="truncate wide" title={row.text}>
        {row.text === '' ? '–' : row.text}
      </span>
    ),
  },
  { key: 'at', head: 'When', numeric: true, cell: (row) => <TimeAgo atMs={row.atMs} /> },
];

export function AuditScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = usePages<AuditView>('/api/views/audit', { ...search, limit: PAGE });
  const verify = useQuery({
    queryKey: ['audit verify'],
    queryFn: ({ signal }) => fetchView<Verdict>('/api/audit/verify', {}, signal),
    enabled: false,
    refetchInterval: false,
  });
  const first = view.data?.pages[0];
  const change = (part: typeof search): void =>
    void navigate({ search: changedSearch(search, part), replace: true });
  return (
    <Page
      title="Audit"
      question="Who did what, when, and is the record whole?"
      actions={
        <>
          <CopyLine line="npx rondo audit verify" />
          <Button
            variant="default"
            loading={verify.isFetching}
            onClick={() => void verify.refetch()}
          >
            Recompute the chain
          </Button>
          <Button component="a" variant="default" href={exportAddress(search)} download>
            Export as JSONL
          </Button>
        </>
      }
    >
      {first ? <ChainCard chain={first.chain} verdict={verify.data} error={verify.error} /> : null}
      <div className="filters">
        <SelectFilter
          label="Event"
          data={first?.types ?? []}
          value={search.type}
          change={(type) => change({ type })}
          width={210}
          searchable
        />
        <TextFilter
          key={search.subject ?? ''}
          label="About: run, or run:ID"
          value={search.subject}
          change={(subject) => change({ subject })}
          width={220}
        />
        <SelectFilter
          label="Actor"
          data={first?.actors ?? []}
          value={search.actor}
          change={(actor) => change({ actor })}
        />
        <RangePicker
          search={search}
          change={({ from, to }) =>
            void navigate({
              search: {
                ...changedSearch(search, { from: undefined, to: undefined } as never),
                ...(from === undefined ? {} : { from }),
                ...(to === undefined ? {} : { to }),
              },
              replace: true,
            })
          }
        />
      </div>
      <PagedTable
        label="Events"
        view={view}
        rowsOf={(page) => page.items}
        columns={COLUMNS}
        rowKey={(row) => row.eventId}
        to={(row) => `/events/${row.eventId}`}
        filtered={Object.keys(search).length > 0}
        maxHeight={640}
        empty={
          <EmptyState
            title="No event yet"
            text="Every change of state leaves an event in the same transaction, sealed into a chain of hashes: what was done, to what, by whom. The first one comes with the first file or run."
            lines={['npx rondo run PIPELINE', 'npx rondo audit verify']}
          />
        }
      />
    </Page>
  );
}

function exportAddress(search: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams(
    Object.entries(search).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  ).toString();
  return query === '' ? '/api/audit/export' : `/api/audit/export?${query}`;
}

function ChainCard({
  chain,
  verdict,
  error,
}: {
  chain: AuditView['chain'];
  verdict: Verdict | undefined;
  error: Error | null;
}) {
  if (error)
    return (
      <VerdictCard state={<StateWord state="unknown" />}>
        The chain could not be recomputed: {error.message}
      </VerdictCard>
    );
  if (verdict?.kind === 'broken')
    return (
      <VerdictCard state={<StateWord state="broken" />}>
        The record was changed: after {formatNumber(verdict.sealed)} events that fit, number{' '}
        {formatNumber(verdict.position)}{' '}
        {verdict.eventId === null ? (
          'is gone.'
        ) : (
          <>
            does not fit its seal. <Go to={`/events/${verdict.eventId}`}>See it</Go>
          </>
        )}
      </VerdictCard>
    );
  if (verdict?.kind === 'intact')
    return (
      <VerdictCard state={<StateWord state="intact" />}>
        Recomputed just now: all {formatNumber(verdict.sealed)} events are as they were sealed. Keep
        the head elsewhere and nobody can rewrite them unseen: <code>{verdict.head}</code>
      </VerdictCard>
    );
  return (
    <VerdictCard
      state={
        <StateWord
          state={chain.head === null ? 'none' : 'ok'}
          word={chain.head === null ? 'nothing yet' : 'sealed'}
        />
      }
    >
      {chain.head === null ? (
        'No event has been sealed yet.'
      ) : (
        <>
          {formatNumber(chain.sealed)} events are sealed up to number{' '}
          {formatNumber(chain.headPosition)}, recorded <Time atMs={chain.headRecordedMs} />
          {chain.unsealed > 0 ? `; ${formatNumber(chain.unsealed)} wait for the next seal` : ''}.
          Head of the chain: <code>{chain.head.slice(0, 16)}…</code>
        </>
      )}
    </VerdictCard>
  );
}
