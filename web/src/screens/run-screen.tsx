import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useCallback } from 'react';
import { Skeleton } from '@mantine/core';
import type { RunView, StepView } from '../../../src/contract/views/runs-view.ts';
import { useView } from '../api/use-view.ts';
import { Go } from '../components/go.tsx';
import { LineageLink } from '../components/lineage-link.tsx';
import { LogBox } from '../components/log-box.tsx';
import { OrderButton } from '../components/order-button.tsx';
import { CopyLine, Facts, Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { Duration, Time } from '../components/time-ago.tsx';
import { Waterfall } from '../components/waterfall.tsx';
import { formatBytes, formatNumber, shortDigest } from '../format.ts';

const RunGraph = lazy(async () => ({
  default: (await import('../components/run-graph.tsx')).RunGraph,
}));
const route = getRouteApi('/runs/$run');

export function RunScreen() {
  const { run } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView<RunView>(`/api/views/runs/${run}`);
  const select = useCallback(
    (step: string) =>
      void navigate({ search: step === '' ? {} : { step }, replace: true, resetScroll: false }),
    [navigate],
  );
  return (
    <Loaded view={view}>
      {(data) => {
        const active = data.run.state === 'running' || data.run.state === 'queued';
        const chosen =
          data.steps.find((step) => step.name === search.step) ??
          data.steps.find((step) => step.name === data.failure?.step) ??
          data.steps.find((step) => step.state === 'running') ??
          data.steps.at(-1);
        return (
          <Page
            title={`${data.run.pipeline} run`}
            question="What happened, and why?"
            crumbs={
              <>
                <Go to="/runs">Runs</Go> / <code>{data.run.runId}</code>
              </>
            }
            actions={
              data.run.kind === 'ad hoc' ? null : (
                <>
                  <LineageLink kind="run" id={data.run.runId} />
                  {active ? (
                    <OrderButton
                      text="Cancel run"
                      action={{
                        text: `Cancel run of ${data.run.pipeline}`,
                        effect: `The running step of ${data.run.pipeline} is stopped with every process it started; finished steps keep their results. Nothing else changes.`,
                        command: `npx rondo cancel ${data.run.runId}`,
                        path: `/api/runs/${data.run.runId}/cancel`,
                        body: {},
                        typeName: null,
                      }}
                    />
                  ) : (
                    <CopyLine line={`npx rondo logs ${data.run.runId}`} />
                  )}
                </>
              )
            }
          >
            <VerdictCard state={<StateWord state={data.run.state} />}>
              {data.sentence}{' '}
              {data.run.cause.to ? <Go to={data.run.cause.to}>Read the cause</Go> : null}
            </VerdictCard>
            <div className="main-side">
              {data.run.kind === 'ad hoc' ? null : (
                <Panel title="Steps">
                  <Suspense fallback={<Skeleton height={240} />}>
                    <RunGraph steps={data.steps} selected={chosen?.name ?? null} select={select} />
                  </Suspense>
                </Panel>
              )}
              <Panel title="Time" note="real time per attempt">
                <Waterfall steps={data.steps} selected={chosen?.name ?? null} select={select} />
                <div style={{ marginTop: 16 }}>
                  <Facts
                    items={[
                      ['started', <Time key="s" atMs={data.run.startedMs} />],
                      ['took', <Duration key="d" ms={data.run.durationMs} />],
                      ['cause', data.run.cause.kind],
                      [
                        'code',
                        <CodeOf key="o" code={data.code} adHoc={data.run.kind === 'ad hoc'} />,
                      ],
                      [
                        'produced',
                        data.run.produced ? (
                          <Go
                            key="p"
                            to={`/models/${data.run.produced.model}/${data.run.produced.version}`}
                          >
                            {data.run.produced.model} {data.run.produced.version}
                          </Go>
                        ) : (
                          'nothing'
                        ),
                      ],
                    ]}
                  />
                </div>
              </Panel>
            </div>
            {chosen ? <StepPanel run={data.run.runId} step={chosen} /> : null}
            <div className="two">
              <Panel title="Metrics" flush>
                <NameValues
                  rows={data.metrics.map((metric) => [
                    metric.step === null ? metric.name : `${metric.step} · ${metric.name}`,
                    formatNumber(metric.value),
                  ])}
                  empty="No metric was left."
                />
              </Panel>
              <Panel title="Parameters" flush>
                <NameValues
                  rows={Object.entries(data.run.parameters).map(([name, value]) => [
                    name,
                    typeof value === 'number' ? formatNumber(value) : String(value),
                  ])}
                  empty="It has no parameters."
                />
              </Panel>
            </div>
          </Page>
        );
      }}
    </Loaded>
  );
}

/** The code a run was made with: only a deployed commit can be followed to its tests. */
function CodeOf({ code, adHoc }: { code: RunView['code']; adHoc: boolean }) {
  if (code.commit !== null)
    return <Go to={`/commits/${code.commit}`}>commit {code.commit.slice(0, 8)}</Go>;
  if (adHoc) return "the client's own";
  return code.workingTree ? 'working tree, ad hoc' : 'the project folder';
}

function StepPanel({ run, step }: { run: string; step: StepView }) {
  const failed = step.attempts.findLast(
    (attempt) => attempt.state === 'failed' || attempt.state === 'lost',
  );
  return (
    <Panel
      title={
        <>
          {step.name} <StateWord state={step.state} />
        </>
      }
      note={<code>{step.command}</code>}
    >
      {failed?.reason ? (
        <p className="tone-bad" style={{ marginBottom: 8 }}>
          Attempt {failed.number}{' '}
          {failed.exitCode === null ? 'ended' : `exited with ${failed.exitCode}`}
          {failed.signal === null ? '' : ` by ${failed.signal}`}: {failed.reason}
        </p>
      ) : null}
      {step.cachedFrom ? (
        <p className="muted" style={{ marginBottom: 8 }}>
          The same command with the same inputs had run before; its outputs were reused.
        </p>
      ) : null}
      <div className="main-side">
        <LogBox
          run={run}
          step={step.name}
          live={step.state === 'running' || step.state === 'retrying'}
          failed={step.state === 'failed'}
        />
        <div className="stack">
          <Artifacts title="Inputs" items={step.inputs} />
          <Artifacts title="Outputs" items={step.outputs} />
        </div>
      </div>
    </Panel>
  );
}

function Artifacts({ title, items }: { title: string; items: StepView['inputs'] }) {
  return (
    <div>
      <h3 className="muted" style={{ fontSize: 12, fontWeight: 500 }}>
        {title}
      </h3>
      {items.length === 0 ? <span className="muted">none</span> : null}
      {items.map((item) => (
        <div key={`${item.kind} ${item.name} ${item.digest}`} className="artifact">
          <span>{item.name}</span>
          <span className="muted">{item.kind}</span>
          <span className="muted">
            {item.sizeBytes === null ? '' : formatBytes(item.sizeBytes)}
          </span>
          {item.digest === null ? null : (
            <code title={item.digest}>{shortDigest(item.digest)}</code>
          )}
        </div>
      ))}
    </div>
  );
}

function NameValues({
  rows,
  empty,
}: {
  rows: readonly (readonly [string, string])[];
  empty: string;
}) {
  if (rows.length === 0) return <p className="muted pad">{empty}</p>;
  return (
    <table className="table">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <td>{name}</td>
            <td className="num">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
