import type { Statement } from '../../../src/contract/views/common.ts';
import { Go } from './go.tsx';
import { EventLink } from './evidence-links.tsx';
import { StateIcon } from './state-word.tsx';
import { TimeAgo } from './time-ago.tsx';

/** Sentences with their state and age, newest first; each leads to what it tells of. */
export function Statements({ items, empty }: { items: readonly Statement[]; empty: string }) {
  if (items.length === 0) return <p className="muted pad">{empty}</p>;
  return (
    <ul className="statements">
      {items.map((item, index) => (
        <li key={item.eventId ?? `${index}-${item.text}`}>
          <StateIcon state={item.state} />
          <span className="statement-text" title={item.text}>
            {item.to ? (
              <Go to={item.to} className="plain-link">
                {item.text}
              </Go>
            ) : (
              item.text
            )}
          </span>
          <span className="muted nowrap">
            {item.eventId ? (
              <EventLink eventId={item.eventId} what={item.text}>
                <TimeAgo atMs={item.atMs} />
              </EventLink>
            ) : (
              <TimeAgo atMs={item.atMs} />
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
