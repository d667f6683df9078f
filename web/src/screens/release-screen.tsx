import { getRouteApi } from '@tanstack/react-router';
import type { ReleaseView } from '../../../src/contract/views/releases-view.ts';
import { useView } from '../api/use-view.ts';
import { EvidenceChart } from '../charts/evidence-chart.tsx';
import { Go } from '../components/go.tsx';
import { OrderButton } from '../components/order-button.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { CopyLine, Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { Statements } from '../components/statements.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, Time } from '../components/time-ago.tsx';
import { formatNumber, formatShare } from '../format.ts';

const route = getRouteApi('/releases/$release');

export function ReleaseScreen() {
  const { release: id } = route.useParams();
  const view = useView<ReleaseView>(`/api/views/releases/${id}`);
  return (
    <Loaded view={view}>
      {(data) => {
        const { release } = data;
        return (
          <Page
            title={`${release.model} ${release.version} to ${release.endpoint}`}
            question="How far, and how sure?"
            crumbs={
              <>
                <Go to="/releases">Releases</Go> / <code>{release.releaseId}</code>
              </>
            }
            actions={
              <>
                <LineageLink kind="release" id={release.releaseId} />
                {data.canRollBack ? <RollBack data={data} /> : null}
              </>
            }
          >
            <VerdictCard state={<StateWord state={release.state} />}>{data.sentence}</VerdictCard>
            <Panel title="Stages">
              <div className="stages">
                {data.stages.map((stage) => (
                  <div key={stage.name} className="stage" data-state={stage.state}>
                    <strong>{stage.name}</strong>
                    <div>{stage.state === 'running' ? 'here now' : stage.state}</div>
                    <div>
                      {stage.requests === null ? '' : `${formatNumber(stage.requests)} requests`}
                    </div>
                    <div>
                      {stage.startedMs !== null &&
                      stage.endedMs !== null &&
                      stage.endedMs > stage.startedMs ? (
                        <Duration ms={stage.endedMs - stage.startedMs} />
                      ) : (
                        ''
                      )}
                    </div>
                  </div>
                ))}
              </div>
              <TrafficSplit data={data} />
            </Panel>
            <div className="two">
              {data.guards.map((guard) => (
                <Panel key={guard.guard} title={guard.title} note={`alpha ${data.alpha}`}>
                  <EvidenceChart guard={guard} />
                </Panel>
              ))}
              {data.guards.length === 0 ? (
                <Panel title="Evidence">
                  <div className="chart-empty">
                    <span>not enough evidence yet: no decision has been taken</span>
                  </div>
                </Panel>
              ) : null}
              <Panel title="Facts">
                <Facts
                  items={[
                    [
                      'against',
                      release.champion === null ? (
                        'no champion: the first version'
                      ) : (
                        <Go key="c" to={`/models/${release.model}/${release.champion}`}>
                          version {release.champion}
                        </Go>
                      ),
                    ],
                    [
                      'candidate',
                      <Go key="v" to={`/models/${release.model}/${release.version}`}>
                        version {release.version}
                      </Go>,
                    ],
                    ['started', <Time key="s" atMs={release.startedMs} />],
                    ['ended', <Time key="e" atMs={release.endedMs} />],
                    [
                      'requests of the budget',
                      `${formatNumber(data.budget.spent)} of ${formatNumber(data.budget.total)}`,
                    ],
                    ['decisions', formatNumber(data.decisions.length)],
                  ]}
                />
                <div style={{ marginTop: 12 }}>
                  <CopyLine
                    line={`npx rondo releases replay ${release.releaseId}`}
                    label="recompute"
                  />
                </div>
              </Panel>
            </div>
            <Panel title="Decisions" note="newest first; repeated holds are folded" flush>
              <Statements items={data.decisions} empty="No decision has been taken yet." />
            </Panel>
          </Page>
        );
      }}
    </Loaded>
  );
}

function RollBack({ data }: { data: ReleaseView }) {
  const { release } = data;
  const back =
    release.champion === null
      ? 'No version serves until another is promoted'
      : `All traffic goes to version ${release.champion} within a second`;
  return (
    <OrderButton
      text="Roll back"
      action={{
        text: `Roll back ${release.endpoint}`,
        effect: `${release.state === 'running' ? `The release of ${release.model} ${release.version} ends.` : `${release.model} ${release.version} stops serving.`} ${back}; the gateway takes the order at once. Predictions already answered stay recorded.`,
        command: data.command,
        path: `/api/endpoints/${release.endpoint}/rollback`,
        body: {},
        typeName: release.endpoint,
      }}
    />
  );
}

function TrafficSplit({ data }: { data: ReleaseView }) {
  const { release } = data;
  const share = release.state === 'promoted' ? 1 : release.state === 'running' ? release.share : 0;
  return (
    <div style={{ marginTop: 12 }}>
      <p className="muted" style={{ marginBottom: 4 }}>
        Traffic now: version {release.version} answers {formatShare(share)}
        {release.champion === null ? '' : `, version ${release.champion} ${formatShare(1 - share)}`}
        {release.state === 'running' ? '; both score every request' : ''}
      </p>
      <div
        className="split"
        role="img"
        aria-label={`Version ${release.version} answers ${formatShare(share)}`}
      >
        {share > 0 ? (
          <div style={{ width: `${share * 100}%`, background: 'var(--chart-1)' }}>
            {share >= 0.05 ? `version ${release.version}` : ''}
          </div>
        ) : null}
        {share < 1 ? (
          <div style={{ width: `${(1 - share) * 100}%`, background: 'var(--chart-grey-strong)' }}>
            {release.champion === null ? '' : `version ${release.champion}`}
          </div>
        ) : null}
      </div>
    </div>
  );
}
