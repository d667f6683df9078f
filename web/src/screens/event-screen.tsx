import { getRouteApi } from '@tanstack/react-router';
import type { AuditItem, EventView } from '../../../src/contract/views/audit-view.ts';
import { useView } from '../api/use-view.ts';
import { Go } from '../components/go.tsx';
import { Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Time, TimeAgo } from '../components/time-ago.tsx';
import { formatNumber, shortId } from '../format.ts';

const route = getRouteApi('/events/$event');

export function EventScreen() {
  const { event: id } = route.useParams();
  const view = useView<EventView>(`/api/views/events/${id}`);
  return (
    <Loaded view={view}>
      {({ event, data, seal, before, after }) => (
        <Page
          title={event.type}
          question="What happened, to what, by whom, and is the record sealed?"
          crumbs={
            <>
              <Go to="/audit">Audit</Go> / <code>{event.eventId}</code>
            </>
          }
          actions={
            <a className="text-button" href={`/api/events/${event.eventId}`}>
              Raw JSON
            </a>
          }
        >
          <VerdictCard
            state={
              <StateWord
                state={seal === null ? 'waiting' : 'intact'}
                word={seal === null ? 'not sealed yet' : 'sealed'}
              />
            }
          >
            {event.actor === 'auto' ? 'The system' : `By ${event.actor}`}:{' '}
            <b>{wordsOf(event.type)}</b> ({event.subject.kind}{' '}
            {event.to ? <Go to={event.to}>{shortId(event.subject.id)}</Go> : event.subject.id})
            {event.text === '' ? '.' : `. ${event.text}`}
          </VerdictCard>
          <div className="main-side">
            <Panel title="Data" note="as it was recorded">
              <pre className="snippet" tabIndex={0} aria-label="Data of the event">
                {JSON.stringify(data, null, 2)}
              </pre>
            </Panel>
            <div className="stack">
              <Panel title="Record">
                <Facts
                  items={[
                    ['number in the log', formatNumber(event.position)],
                    ['by', event.actor],
                    ['calendar time', <Time key="c" atMs={event.atMs} />],
                    ['recorded', <Time key="r" atMs={event.recordedAtMs} />],
                    [
                      'seal',
                      seal === null ? (
                        'comes with the next seal'
                      ) : (
                        <code key="s" title={seal}>
                          {seal.slice(0, 16)}…
                        </code>
                      ),
                    ],
                  ]}
                />
              </Panel>
              <Panel title={`Around it, of the same ${event.subject.kind}`} flush>
                <Neighbours event={event} before={before} after={after} />
              </Panel>
            </div>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

/** `run.started` as one would say it. */
function wordsOf(type: string): string {
  return type.replace('.', ' ').replaceAll('-', ' ');
}

/** What happened to the same subject, newest first, this event among it. */
function Neighbours({
  event,
  before,
  after,
}: {
  event: AuditItem;
  before: readonly AuditItem[];
  after: readonly AuditItem[];
}) {
  return (
    <ul className="statements">
      {[...after.toReversed(), event, ...before].map((one) => (
        <li key={one.eventId} style={{ gridTemplateColumns: 'minmax(0, 1fr) auto' }}>
          <span className="statement-text" title={one.text}>
            {one.eventId === event.eventId ? (
              <b aria-current="true">{one.type}</b>
            ) : (
              <Go to={`/events/${one.eventId}`}>{one.type}</Go>
            )}{' '}
            <span className="muted">{one.text}</span>
          </span>
          <span className="muted nowrap">
            <TimeAgo atMs={one.atMs} />
          </span>
        </li>
      ))}
    </ul>
  );
}
