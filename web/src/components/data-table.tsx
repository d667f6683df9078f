import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useRouter } from '@tanstack/react-router';

export type Column<Row> = {
  key: string;
  head: ReactNode;
  /** Numbers stand right, in tabular figures. */
  numeric?: boolean;
  width?: string;
  cell: (row: Row) => ReactNode;
};

const ROW_PX = 33;
const WINDOW_FROM = 200;
const END_PX = 400;

/**
 * A table that stays a table for screen readers: rows are links by `to`, `j`/`k` move, Enter opens. Beyond 200 rows only
 * the rows in view are drawn.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  to,
  maxHeight,
  onEnd,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  to?: (row: Row) => string | null;
  maxHeight?: number;
  /** Called near the end of a scrolled table: more rows are wanted. */
  onEnd?: (() => void) | null;
}) {
  const router = useRouter();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const windowed = rows.length > WINDOW_FROM;
  const height = maxHeight ?? (windowed ? 640 : undefined);
  const first = windowed ? Math.max(0, Math.floor(top / ROW_PX) - 10) : 0;
  const last = windowed
    ? Math.min(rows.length, first + Math.ceil((height ?? 640) / ROW_PX) + 20)
    : rows.length;
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (
        (event.key !== 'j' && event.key !== 'k') ||
        event.metaKey ||
        event.ctrlKey ||
        /INPUT|TEXTAREA|SELECT/.test(target.tagName)
      )
        return;
      const links = [...(box.current?.querySelectorAll<HTMLElement>('tr[tabindex]') ?? [])];
      const at = links.indexOf(document.activeElement as HTMLElement);
      links[Math.min(links.length - 1, Math.max(0, at + (event.key === 'j' ? 1 : -1)))]?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const open = (row: Row): void => {
    const address = to?.(row);
    if (address) router.history.push(address);
  };
  return (
    <div
      className="table-box"
      ref={box}
      role="region"
      aria-label={label}
      {...(height === undefined ? {} : { tabIndex: 0 })}
      style={height === undefined ? undefined : { maxHeight: height, overflow: 'auto' }}
      onScroll={({ currentTarget }) => {
        setTop(currentTarget.scrollTop);
        const left =
          currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight;
        if (left < END_PX && currentTarget.scrollHeight > currentTarget.clientHeight) onEnd?.();
      }}
    >
      <table className="table" aria-label={label} aria-rowcount={rows.length}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={column.numeric ? 'num' : ''}
                style={{ width: column.width }}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr style={{ height: first * ROW_PX }} aria-hidden="true" /> : null}
          {rows.slice(first, last).map((row) => {
            const address = to?.(row) ?? null;
            return (
              <tr
                key={rowKey(row)}
                {...(address ? { tabIndex: 0, className: 'row-link' } : {})}
                onClick={(event) => {
                  if (!(event.target as HTMLElement).closest('a, button')) open(row);
                }}
                onKeyDown={(event: KeyboardEvent) => {
                  if (event.key === 'Enter' && event.target === event.currentTarget) open(row);
                }}
              >
                {columns.map((column) => (
                  <td key={column.key} className={column.numeric ? 'num' : ''}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {last < rows.length ? (
            <tr style={{ height: (rows.length - last) * ROW_PX }} aria-hidden="true" />
          ) : null}
        </tbody>
      </table>
    </div>
  );
}

/** The bottom of a list: how many are shown, more on demand. */
export function ListFoot({
  shown,
  total,
  more,
  loading,
}: {
  shown: number;
  total?: number;
  more: (() => void) | null;
  loading?: boolean;
}) {
  return (
    <div className="list-foot">
      <span className="muted">
        {shown.toLocaleString('en-US')}
        {total === undefined ? '' : ` of ${total.toLocaleString('en-US')}`} shown
      </span>
      {more ? (
        <button type="button" className="text-button" onClick={more} disabled={loading}>
          {loading ? 'Loading …' : 'Load more'}
        </button>
      ) : null}
    </div>
  );
}
