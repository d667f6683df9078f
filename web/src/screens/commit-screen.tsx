import { getRouteApi } from '@tanstack/react-router';
import type { CommitCheck, CommitView } from '../../../src/contract/views/commits-view.ts';
import { useView } from '../api/use-view.ts';
import { CommitRoad } from '../components/commit-road.tsx';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { OrderButton } from '../components/order-button.tsx';
import { Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, Time } from '../components/time-ago.tsx';
import { formatBytes, shortDigest } from '../format.ts';

const route = getRouteApi('/commits/$commit');

export function CommitScreen() {
  const { commit: sha } = route.useParams();
  const view = useView<CommitView>(`/api/commits/${sha}`);
  return (
    <Loaded view={view}>
      {(data) => (
        <Page
          title={data.subject}
          question="How far did this change come, and what did it make?"
          crumbs={
            <>
              <Go to="/commits">Commits</Go> / <code>{data.sha.slice(0, 12)}</code>
            </>
          }
          actions={
            <>
              <LineageLink kind="commit" id={data.sha} />
              {data.state === 'deployed' ? <RollBack /> : null}
            </>
          }
        >
          <VerdictCard state={<StateWord state={data.state} />}>{data.sentence}</VerdictCard>
          <Panel title="Road" note="from the source to what is seen of it in production">
            <CommitRoad records={data.records} />
          </Panel>
          <div className="main-side">
            <Panel title="Checks" note={heldText(data.checks)} flush>
              {data.checks.length === 0 ? (
                <p className="muted pad">Its checks have not begun.</p>
              ) : (
                data.checks.map((check) => <Check key={check.name} check={check} />)
              )}
            </Panel>
            <Panel title="Facts">
              <Facts
                items={[
                  ['commit', <code key="c">{data.sha}</code>],
                  ['branch', data.branch],
                  ['author', data.author],
                  ['committed', <Time key="m" atMs={data.committedMs} />],
                  ['seen here', <Time key="s" atMs={data.seenMs} />],
                  [
                    'bundle',
                    data.bundle === null ? (
                      'none was built'
                    ) : (
                      <code key="b" title={data.bundle}>
                        {shortDigest(data.bundle)}
                      </code>
                    ),
                  ],
                  ['bundle size', formatBytes(data.bundleSizeBytes)],
                ]}
              />
            </Panel>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

function heldText(checks: readonly CommitCheck[]): string {
  const held = checks.filter((check) => check.state === 'passed').length;
  return checks.length === 0 ? '' : `${held} of ${checks.length} hold`;
}

/** A check with its outcome; one that failed shows at once what it printed. */
function Check({ check }: { check: CommitCheck }) {
  return (
    <details className="gate" open={check.state === 'failed'}>
      <summary>
        <StateWord state={check.state} />
        <span>
          <b>{check.name}</b> <span className="muted">{check.kind}</span>
          <br />
          {check.summary}{' '}
          {check.durationMs === null ? null : (
            <span className="muted">
              (<Duration ms={check.durationMs} />)
            </span>
          )}
        </span>
      </summary>
      {check.log === null ? (
        <p className="muted pad">It printed nothing to keep.</p>
      ) : (
        <pre className="snippet" tabIndex={0} aria-label={`What ${check.name} printed`}>
          {check.log}
        </pre>
      )}
    </details>
  );
}

function RollBack() {
  return (
    <OrderButton
      text="Roll back"
      action={{
        text: 'Roll back the pipeline',
        effect:
          'The code that was in force before this commit is in force again from the next run on. Runs in progress finish with the code they began with; models that serve go on serving.',
        command: 'npx rondo commits rollback',
        path: '/api/deployments/rollback',
        body: {},
        typeName: null,
      }}
    />
  );
}
