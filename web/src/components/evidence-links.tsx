import type { ReactNode } from 'react';
import { Go } from './go.tsx';

/** Leads to the event that something rests on. */
export function EventLink({
  eventId,
  what,
  children,
}: {
  eventId: string;
  /** What the event is evidence of, for those who hear the page. */
  what: string;
  children: ReactNode;
}) {
  return (
    <Go to={`/events/${eventId}`} className="plain-link">
      {children}
      <span className="visually-hidden"> (event of: {what})</span>
    </Go>
  );
}

const SHOWN = 3;

/** The events something rests on: the first few as links, the rest behind a fold. */
export function EvidenceLinks({ ids, what }: { ids: readonly string[]; what: string }) {
  if (ids.length === 0) return <span className="muted">no event yet</span>;
  const link = (id: string, index: number) => (
    <Go key={id} to={`/events/${id}`} className="chip chip-link">
      <span className="visually-hidden">Evidence of {what}: </span>
      event {index + 1}
    </Go>
  );
  return (
    <span className="evidence">
      {ids.slice(0, SHOWN).map(link)}
      {ids.length > SHOWN ? (
        <details className="evidence-more">
          <summary className="chip">
            {ids.length - SHOWN} more<span className="visually-hidden"> of {what}</span>
          </summary>
          {ids.slice(SHOWN).map((id, index) => link(id, index + SHOWN))}
        </details>
      ) : null}
    </span>
  );
}
