import type { CommitItem } from '../../../src/contract/views/commits-view.ts';
import { usePages } from '../api/use-view.ts';
import type { Column } from '../components/data-table.tsx';
import { EmptyState, Page } from '../components/page.tsx';
import { PagedTable } from '../components/paged-table.tsx';
import { StateWord } from '../components/state-word.tsx';
import { TimeAgo } from '../components/time-ago.tsx';

type CommitsPage = { items: CommitItem[]; next: string | null };

const COLUMNS: Column<CommitItem>[] = [
  { key: 'state', head: 'State', cell: (row) => <StateWord state={row.state} /> },
  {
    key: 'subject',
    head: 'Commit',
    cell: (row) => (
      <span className="truncate" title={row.subject}>
        <b>{row.subject}</b>
      </span>
    ),
  },
  { key: 'sha', head: 'Id', cell: (row) => <code>{row.sha.slice(0, 8)}</code> },
  { key: 'branch', head: 'Branch', cell: (row) => row.branch },
  {
    key: 'author',
    head: 'Author',
    cell: (row) => <span title={row.author}>{row.author.replace(/ <.*>$/, '')}</span>,
  },
  {
    key: 'sentence',
    head: 'What became of it',
    cell: (row) => (
      <span className="truncate wide" title={row.sentence}>
        {row.sentence}
      </span>
    ),
  },
  { key: 'seen', head: 'Seen', numeric: true, cell: (row) => <TimeAgo atMs={row.seenMs} /> },
];

export function CommitsScreen() {
  const view = usePages<CommitsPage & { total?: number }>('/api/commits', { limit: 100 });
  return (
    <Page title="Commits" question="Which code is in force, and what became of each change?">
      <PagedTable
        label="Commits"
        view={view}
        rowsOf={(page) => page.items}
        columns={COLUMNS}
        rowKey={(row) => row.sha}
        to={(row) => `/commits/${row.sha}`}
        filtered={false}
        empty={
          <EmptyState
            title="No commit yet"
            text="Put the project under git: every commit is tested with the project's own tests and with generic checks on a slice of the data, becomes a bundle, and is deployed when all hold. Until then runs use the files as they lie there."
            lines={[
              'git init',
              'git add .',
              'git commit -m "the first version"',
              'npx rondo commits',
            ]}
          />
        }
      />
    </Page>
  );
}
