import type { ReactNode } from 'react';
import { DataTable, ListFoot, type Column } from './data-table.tsx';
import { Loaded, Panel } from './page.tsx';

type Paged<P> = {
  data: { pages: P[] } | undefined;
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
};

/** A list read page by page: skeleton, what to do when nothing is there yet, the table, and how much of it is shown. */
export function PagedTable<P extends { total?: number | null }, Row>({
  label,
  title,
  note,
  view,
  rowsOf,
  columns,
  rowKey,
  to,
  filtered,
  empty,
  maxHeight,
}: {
  label: string;
  title?: ReactNode;
  note?: ReactNode;
  view: Paged<P>;
  rowsOf: (page: P) => readonly Row[];
  columns: readonly Column<Row>[] | ((rows: readonly Row[]) => readonly Column<Row>[]);
  rowKey: (row: Row) => string;
  to?: (row: Row) => string | null;
  /** A filter is set: then an empty list is an answer, not a beginning. */
  filtered: boolean;
  empty: ReactNode;
  maxHeight?: number;
}) {
  return (
    <Loaded view={{ data: view.data, error: view.error }}>
      {({ pages }) => {
        const rows = pages.flatMap(rowsOf);
        if (rows.length === 0 && !filtered) return empty;
        const total = pages[0]?.total;
        const more = view.hasNextPage ? () => void view.fetchNextPage() : null;
        return (
          <Panel flush title={title} note={note}>
            {rows.length === 0 ? (
              <p className="muted pad">Nothing fits these filters.</p>
            ) : (
              <DataTable
                label={label}
                columns={typeof columns === 'function' ? columns(rows) : columns}
                rows={rows}
                rowKey={rowKey}
                {...(to ? { to } : {})}
                {...(maxHeight === undefined ? {} : { maxHeight })}
                onEnd={view.isFetchingNextPage ? null : more}
              />
            )}
            <ListFoot
              shown={rows.length}
              {...(typeof total === 'number'
                ? { total }
                : more === null
                  ? { total: rows.length }
                  : {})}
              more={more}
              loading={view.isFetchingNextPage}
            />
          </Panel>
        );
      }}
    </Loaded>
  );
}
