import { getRouteApi } from '@tanstack/react-router';
import type { LineageNode, LineageView } from '../../../src/contract/views/lineage-view.ts';
import { useView } from '../api/use-view.ts';
import { LineageGraph } from '../charts/lineage-graph.tsx';
import { Go } from '../components/go.tsx';
import { Loaded, Page, Panel, VerdictCard } from '../components/page.tsx';
import { StateWord } from '../components/state-word.tsx';
import { formatNumber } from '../format.ts';
import { TimeAgo } from '../components/time-ago.tsx';

const route = getRouteApi('/lineage/$kind/$');

/** Where a node's own lineage is drawn. */
function lineageAddress(node: LineageNode): string {
  return `/lineage/${node.kind}/${node.id}`;
}

export function LineageScreen() {
  const { kind, _splat: id = '' } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView<LineageView>(
    `/api/lineage/${kind}/${encodeURIComponent(id)}`,
    search.open === undefined ? {} : { open: search.open },
  );
  return (
    <Loaded view={view}>
      {(data) => {
        const focus = data.nodes.find((node) => node.key === data.focus);
        const up = reached(data, 'up');
        const down = reached(data, 'down');
        return (
          <Page
            title={`Lineage of ${focus?.label ?? id}`}
            question="What was it made from, and what was made of it?"
            crumbs={focus?.to ? <Go to={focus.to}>{focus.label}</Go> : kind}
            actions={
              search.open === undefined ? null : (
                <button
                  type="button"
                  className="text-button"
                  onClick={() => void navigate({ search: {} })}
                >
                  Fold again
                </button>
              )
            }
          >
            <VerdictCard
              state={
                <StateWord
                  state={focus?.state ?? 'reference'}
                  {...(focus?.state ? {} : { word: kind.replaceAll('-', ' ') })}
                />
              }
            >
              {sentenceOf(focus?.label ?? id, data, up, down)}
            </VerdictCard>
            <Panel
              title="Graph"
              note="from what came first, on the left, to what came of it; a folded card opens"
            >
              <LineageGraph
                view={data}
                address={lineageAddress}
                unfold={(key) => void navigate({ search: { open: key } })}
              />
            </Panel>
            <Panel title="The same as a table" flush>
              <NodesTable data={data} up={up} down={down} />
            </Panel>
          </Page>
        );
      }}
    </Loaded>
  );
}

/** Keys reached from the focus against the arrows, or along them. */
function reached(data: LineageView, way: 'up' | 'down'): Set<string> {
  const found = new Set<string>();
  const next = [data.focus];
  for (let key = next.pop(); key !== undefined; key = next.pop()) {
    for (const edge of data.edges) {
      const [from, to] = way === 'up' ? [edge.to, edge.from] : [edge.from, edge.to];
      if (from !== key || found.has(to) || to === data.focus) continue;
      found.add(to);
      next.push(to);
    }
  }
  return found;
}

function countOf(data: LineageView, keys: ReadonlySet<string>): number {
  return data.nodes
    .filter((node) => keys.has(node.key))
    .reduce((sum, node) => sum + (node.count ?? 1), 0);
}

function sentenceOf(
  label: string,
  data: LineageView,
  up: ReadonlySet<string>,
  down: ReadonlySet<string>,
): string {
  const above = countOf(data, up);
  const below = countOf(data, down);
  const from =
    above === 0
      ? 'nothing before it is known'
      : `${formatNumber(above)} ${above === 1 ? 'thing' : 'things'} led to it`;
  const of = below === 0 ? 'nothing came of it yet' : `${formatNumber(below)} came of it`;
  return `${label}: ${from}, ${of}.`;
}

function NodesTable({
  data,
  up,
  down,
}: {
  data: LineageView;
  up: ReadonlySet<string>;
  down: ReadonlySet<string>;
}) {
  const label = (key: string): string => data.nodes.find((node) => node.key === key)?.label ?? key;
  return (
    <div className="table-box">
      <table className="table wrap" aria-label="Nodes of the lineage">
        <thead>
          <tr>
            <th scope="col">Way</th>
            <th scope="col">Kind</th>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">Made from</th>
            <th scope="col" className="num">
              When
            </th>
          </tr>
        </thead>
        <tbody>
          {data.nodes.map((node) => (
            <tr key={node.key}>
              <td className="muted nowrap">
                {node.key === data.focus
                  ? 'this'
                  : up.has(node.key)
                    ? 'before'
                    : down.has(node.key)
                      ? 'after'
                      : 'beside'}
              </td>
              <td className="nowrap">{node.kind.replaceAll('-', ' ')}</td>
              <td>{node.to ? <Go to={node.to}>{node.label}</Go> : node.label}</td>
              <td>{node.state === null ? '–' : <StateWord state={node.state} />}</td>
              <td className="muted">
                {data.edges
                  .filter((edge) => edge.to === node.key)
                  .map((edge) => `${label(edge.from)} (${edge.label})`)
                  .join(', ') || '–'}
              </td>
              <td className="num nowrap">
                <TimeAgo atMs={node.atMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
