import { useEffect, useRef } from 'react';
import type { LineageNode, LineageView } from '../../../src/contract/views/lineage-view.ts';
import { Go } from '../components/go.tsx';
import { Icon, type IconName } from '../components/icon.tsx';
import { StateIcon } from '../components/state-word.tsx';
import { layOutLineage } from './lineage-layout.ts';

const CARD = { width: 162, height: 52 };
const GAP = { x: 42, y: 14 };
const EDGE = 4;

const ICONS: Record<LineageNode['kind'], IconName> = {
  commit: 'commits',
  bundle: 'cache',
  'dataset-version': 'datasets',
  run: 'runs',
  'model-version': 'models',
  release: 'releases',
  endpoint: 'endpoints',
  prediction: 'dot',
  alarm: 'bell',
  fold: 'fold',
};

/** The graph in layers. Every card is a link to the lineage of what it shows; a fold is a button that opens it. */
export function LineageGraph({
  view,
  address,
  unfold,
}: {
  view: LineageView;
  address: (node: LineageNode) => string;
  unfold: (key: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A graph wider than its box begins at what it is about, not at its left end.
    const element = box.current;
    const card = element?.querySelector<HTMLElement>('[aria-current]')?.parentElement;
    if (!element || !card) return;
    element.scrollLeft = card.offsetLeft + card.offsetWidth / 2 - element.clientWidth / 2;
    element.scrollTop = card.offsetTop + card.offsetHeight / 2 - element.clientHeight / 2;
  }, [view.focus]);
  const placed = layOutLineage(
    view.nodes.map((node) => node.key),
    view.edges,
  );
  const rows = Math.max(1, ...placed.map((one) => one.row + 1));
  const layers = Math.max(1, ...placed.map((one) => one.layer + 1));
  const height = rows * (CARD.height + GAP.y) - GAP.y + EDGE * 2;
  const width = layers * (CARD.width + GAP.x) - GAP.x + EDGE * 2;
  const continued = new Set(placed.filter((one) => one.continued).map((one) => one.key));
  const inLayer = new Map<number, number>();
  for (const one of placed) inLayer.set(one.layer, (inLayer.get(one.layer) ?? 0) + 1);
  const spots = new Map(
    placed.map((one) => {
      const count = inLayer.get(one.layer) ?? 1;
      const top = (height - (count * (CARD.height + GAP.y) - GAP.y)) / 2;
      return [
        one.key,
        {
          x: EDGE + one.layer * (CARD.width + GAP.x),
          y: top + one.row * (CARD.height + GAP.y),
        },
      ];
    }),
  );
  return (
    <div ref={box} className="lineage" tabIndex={0} role="group" aria-label="Lineage graph">
      <div style={{ position: 'relative', width, height, margin: '0 auto' }}>
        <svg width={width} height={height} className="lineage-edges" aria-hidden="true">
          {view.edges.map((edge) => {
            const from = spots.get(edge.from);
            const to = spots.get(edge.to);
            if (!from || !to) return null;
            const near = edge.from === view.focus || edge.to === view.focus;
            return (
              <path
                key={`${edge.from} ${edge.to} ${edge.label}`}
                d={
                  // Of a layer in several columns the first is led to; the others hang on their neighbours.
                  continued.has(edge.to)
                    ? curve({ x: to.x - CARD.width - GAP.x, y: to.y }, to)
                    : curve(from, to)
                }
                className={`${near ? 'near' : ''}${continued.has(edge.to) ? ' continued' : ''}`}
              >
                <title>{edge.label}</title>
              </path>
            );
          })}
        </svg>
        {placed.map(({ key }) => {
          const node = view.nodes.find((one) => one.key === key);
          const spot = spots.get(key);
          if (!node || !spot) return null;
          return (
            <div key={key} style={{ position: 'absolute', left: spot.x, top: spot.y, ...CARD }}>
              <Card
                node={node}
                focus={key === view.focus}
                to={address(node)}
                unfold={() => unfold(key)}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const start = { x: from.x + CARD.width, y: from.y + CARD.height / 2 };
  const end = { x: to.x, y: to.y + CARD.height / 2 };
  const bend = Math.max(24, (end.x - start.x) / 2);
  return `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
}

function Card({
  node,
  focus,
  to,
  unfold,
}: {
  node: LineageNode;
  focus: boolean;
  to: string;
  unfold: () => void;
}) {
  const content = (
    <>
      <span className="lineage-kind">
        <Icon name={ICONS[node.kind]} size={12} />
        {node.kind === 'fold' ? 'folded' : node.kind.replaceAll('-', ' ')}
        {node.state === null || node.kind === 'fold' ? null : <StateIcon state={node.state} />}
      </span>
      <span className="lineage-label" title={node.label}>
        {node.label}
      </span>
    </>
  );
  if (node.kind === 'fold')
    return (
      <button type="button" className="lineage-card fold" onClick={unfold}>
        {content}
      </button>
    );
  if (focus)
    return (
      <span className="lineage-card focus" aria-current="true">
        {content}
      </span>
    );
  return (
    <Go to={to} className="lineage-card">
      {content}
    </Go>
  );
}
