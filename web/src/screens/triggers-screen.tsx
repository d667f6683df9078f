import { getRouteApi } from '@tanstack/react-router';
import type {
  FiringItem,
  TriggerItem,
  TriggersView,
} from '../../../src/contract/views/triggers-view.ts';
import { usePages } from '../api/use-view.ts';
import type { Column } from '../components/data-table.tsx';
import { EventLink } from '../components/evidence-links.tsx';
import { changedSearch } from '../components/changed-search.ts';
import { SelectFilter } from '../components/filters.tsx';
import { Go } from '../components/go.tsx';
import { OrderButton } from '../components/order-button.tsx';
import { EmptyState, Loaded, Page, VerdictCard } from '../components/page.tsx';
import { PagedTable } from '../components/paged-table.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Time, TimeAgo } from '../components/time-ago.tsx';
import { formatTime } from '../format.ts';

const route = getRouteApi('/triggers');
const STATES = ['waiting', 'claimed', 'fired', 'skipped'];

const COLUMNS: Column<FiringItem>[] = [
  { key: 'state', head: 'State', cell: (row) => <StateWord state={row.state} /> },
  { key: 'trigger', head: 'Trigger', cell: (row) => row.trigger },
  {
    key: 'why',
    head: 'Why, or why not',
    cell: (row) => (
      <span className="truncate wide" title={row.reason}>
        {row.reason}
        {row.missed > 0 ? ` (${row.missed} earlier instants passed unused)` : ''}
      </span>
    ),
  },
  {
    key: 'run',
    head: 'Run it started',
    cell: (row) =>
      row.run ? (
        <Go to={`/runs/${row.run.runId}`}>
          <StateWord state={row.run.state} />
        </Go>
      ) : (
        <span className="muted">none</span>
      ),
  },
  {
    key: 'event',
    head: 'Set off by',
    cell: (row) =>
      row.eventId ? (
        <EventLink eventId={row.eventId} what={row.reason}>
          <span className="link">its event</span>
        </EventLink>
      ) : (
        <span className="muted">{row.by}</span>
      ),
  },
  { key: 'due', head: 'When', numeric: true, cell: (row) => <Time atMs={row.dueMs} /> },
];

export function TriggersScreen() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = usePages<TriggersView>('/api/views/triggers', search);
  const change = (part: typeof search): void =>
    void navigate({ search: changedSearch(search, part), replace: true });
  return (
    <Page title="Triggers" question="What starts by itself, when next, and what came of it?">
      <Loaded view={{ data: view.data, error: view.error }}>
        {({ pages: [first] }) =>
          !first || first.triggers.length === 0 ? (
            <EmptyState
              title="Nothing starts by itself yet"
              text="A trigger starts a pipeline: at a time, when new data arrive, when a monitor alarms, when a commit is pushed, or when a message is sent. Add one to a pipeline of rondo.yaml:"
              lines={[
                'triggers:',
                '  - { kind: schedule, cron: "0 4 * * 1" }',
                '  - { kind: alarm, monitor: quality }',
                'npx rondo triggers',
              ]}
            />
          ) : (
            <>
              <VerdictCard state={<StateWord {...summaryState(first.triggers)} />}>
                {summaryOf(first.triggers)}
              </VerdictCard>
              <div className="cards">
                {first.triggers.map((trigger) => (
                  <TriggerCard
                    key={trigger.trigger}
                    trigger={trigger}
                    chosen={search.trigger === trigger.trigger}
                    choose={(name) => change({ trigger: name })}
                  />
                ))}
              </div>
              <div className="filters">
                <SelectFilter
                  label="Trigger"
                  data={first.triggers.map((trigger) => trigger.trigger)}
                  value={search.trigger}
                  change={(trigger) => change({ trigger })}
                  width={220}
                />
                <SelectFilter
                  label="State"
                  data={STATES}
                  value={search.state}
                  change={(state) => change({ state })}
                />
              </div>
              <PagedTable
                label="Occasions"
                title="History"
                note="every occasion, with the run it started or the reason it did not"
                view={view}
                rowsOf={(page) => page.items}
                columns={COLUMNS}
                rowKey={(row) => row.firingId}
                to={(row) => (row.run ? `/runs/${row.run.runId}` : null)}
                filtered
                empty={null}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function summaryState(triggers: readonly TriggerItem[]): { state: string; word: string } {
  const on = triggers.filter((trigger) => trigger.enabled).length;
  return { state: on === 0 ? 'off' : 'on', word: `${on} of ${triggers.length} on` };
}

function summaryOf(triggers: readonly TriggerItem[]): string {
  const fired = triggers.reduce((sum, trigger) => sum + trigger.fired, 0);
  const skipped = triggers.reduce((sum, trigger) => sum + trigger.skipped, 0);
  const [next] = triggers
    .flatMap((trigger) => trigger.next.slice(0, 1).map((atMs) => ({ atMs, trigger })))
    .sort((left, right) => left.atMs - right.atMs);
  const coming = next
    ? `Next is ${next.trigger.trigger} on ${formatTime(next.atMs)}.`
    : 'None is due by the calendar; they wait for events.';
  return `In the last 28 days ${fired} of ${fired + skipped} occasions started a run. ${coming}`;
}

function TriggerCard({
  trigger,
  chosen,
  choose,
}: {
  trigger: TriggerItem;
  chosen: boolean;
  choose: (name: string) => void;
}) {
  const { enabled, pipeline } = trigger;
  return (
    <section className={chosen ? 'panel card chosen' : 'panel card'} aria-label={trigger.trigger}>
      <div className="panel-head">
        <h2>
          <button
            type="button"
            className="plain-button"
            aria-pressed={chosen}
            onClick={() => choose(chosen ? '' : trigger.trigger)}
          >
            {trigger.trigger}
          </button>
        </h2>
        <span className="panel-aside">
          <StateWord state={enabled ? 'on' : 'off'} />
        </span>
      </div>
      <p>{trigger.sentence}</p>
      <p className="muted">
        {trigger.fired} started, {trigger.skipped} not, in 28 days; last{' '}
        {trigger.lastFiredMs === null ? 'never' : <TimeAgo atMs={trigger.lastFiredMs} />}.
        {trigger.coolUntilMs === null ? null : (
          <>
            {' '}
            Cools down until <Time atMs={trigger.coolUntilMs} />.
          </>
        )}
      </p>
      {trigger.next.length > 0 ? (
        <p className="muted">
          Next:{' '}
          {trigger.next.slice(0, 3).map((atMs, index) => (
            <span key={atMs}>
              {index > 0 ? ', ' : ''}
              <Time atMs={atMs} />
            </span>
          ))}
        </p>
      ) : (
        <p className="muted">
          {enabled ? 'Waits for its event; no time is set.' : 'Does nothing while switched off.'}
        </p>
      )}
      <div className="card-actions">
        <OrderButton
          text="Fire now"
          action={{
            text: `Fire trigger ${trigger.trigger}`,
            effect: `One run of ${pipeline} starts now, as if the rule had found its occasion; while a run of it is in progress nothing starts, and the history says so.`,
            command: `npx rondo triggers fire ${trigger.trigger}`,
            path: `/api/triggers/${trigger.trigger}/fire`,
            body: {},
            typeName: null,
          }}
        />
        <OrderButton
          text={enabled ? 'Switch off' : 'Switch on'}
          action={{
            text: `Switch ${enabled ? 'off' : 'on'} ${trigger.trigger}`,
            effect: enabled
              ? `${pipeline} is no longer started by this rule until it is switched on again. Runs in progress go on.`
              : `${pipeline} is started by this rule again, from now on; what passed meanwhile is not made up for.`,
            command: `npx rondo triggers ${enabled ? 'disable' : 'enable'} ${trigger.trigger}`,
            path: `/api/triggers/${trigger.trigger}/switch`,
            body: { enabled: !enabled },
            typeName: null,
          }}
        />
      </div>
    </section>
  );
}
