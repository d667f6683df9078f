import { Skeleton } from '@mantine/core';
import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { ApiError } from '../api/fetch-view.ts';
import { Icon } from './icon.tsx';

/** Whether a screen's own heading stands above. */
const Headed = createContext(false);

/** A screen: its name, the one question it answers, and what it holds. */
export function Page({
  title,
  question,
  crumbs,
  actions,
  children,
}: {
  title: ReactNode;
  question: string;
  crumbs?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const name = typeof title === 'string' ? title : question;
  useEffect(() => {
    document.title = `${name} · Rondo`;
  }, [name]);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          {crumbs ? <div className="crumbs">{crumbs}</div> : null}
          <h1>{title}</h1>
          <p className="question">{question}</p>
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      <Headed value={true}>{children}</Headed>
    </div>
  );
}

/** A titled part of a page. */
export function Panel({
  title,
  note,
  aside,
  children,
  flush,
}: {
  title?: ReactNode;
  note?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className={flush ? 'panel flush' : 'panel'}>
      {title ? (
        <div className="panel-head">
          <h2>{title}</h2>
          {note ? <span className="muted">{note}</span> : null}
          {aside ? <span className="panel-aside">{aside}</span> : null}
        </div>
      ) : null}
      {children}
    </section>
  );
}

/** The verdict: a state and a sentence, before any picture. */
export function VerdictCard({ state, children }: { state: ReactNode; children: ReactNode }) {
  return (
    <div className="verdict">
      <div className="verdict-state">{state}</div>
      <p className="verdict-text">{children}</p>
    </div>
  );
}

/** Nothing here yet: what belongs here, and the lines that make the first one. */
export function EmptyState({
  title,
  text,
  lines,
}: {
  title: string;
  text: string;
  lines: readonly string[];
}) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{text}</p>
      {lines.map((line) => (
        <CopyLine key={line} line={line} />
      ))}
    </div>
  );
}

/** A command one can copy. */
export function CopyLine({ line, label }: { line: string; label?: string }) {
  return (
    <div className="copy-line">
      {label ? <span className="muted">{label}</span> : null}
      <code>{line}</code>
      <button
        type="button"
        className="icon-button"
        aria-label={`Copy: ${line}`}
        title="Copy"
        onClick={() => void navigator.clipboard?.writeText(line)}
      >
        <Icon name="copy" size={14} />
      </button>
    </div>
  );
}

export function PageSkeleton() {
  return (
    <div className="page" aria-busy="true">
      <Skeleton height={28} width={220} mb={8} />
      <Skeleton height={16} width={320} mb={24} />
      <Skeleton height={72} mb={16} />
      <Skeleton height={260} mb={16} />
      <Skeleton height={180} />
    </div>
  );
}

export function Fault({ error }: { error: Error }) {
  const headed = useContext(Headed);
  const Heading = headed ? 'h2' : 'h1';
  return (
    <div className={headed ? undefined : 'page'}>
      <div className="empty" role="alert">
        <Heading>
          {error instanceof ApiError && error.status === 404
            ? 'Not found'
            : 'This could not be read'}
        </Heading>
        <p>{error.message}</p>
        {error instanceof ApiError && error.help ? <p className="muted">{error.help}</p> : null}
      </div>
    </div>
  );
}

/** Draws a view when it is there: skeleton before, the server's sentence on a fault. */
export function Loaded<T>({
  view,
  children,
}: {
  view: { data: T | undefined; error: Error | null };
  children: (data: T) => ReactNode;
}) {
  if (view.data !== undefined) return children(view.data);
  if (view.error) return <Fault error={view.error} />;
  return <PageSkeleton />;
}

/** Name and value pairs, values right of their names. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
