import '@xyflow/react/dist/base.css';
import { useComputedColorScheme } from '@mantine/core';
import {
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { useMemo } from 'react';
import type { StepView } from '../../../src/contract/views/runs-view.ts';
import { formatDurationShort } from '../format.ts';
import { StateWord, toneOf } from './state-word.tsx';

type StepNode = Node<{ step: StepView; selected: boolean; select: (name: string) => void }, 'step'>;

const COLUMN_PX = 216;
const ROW_PX = 84;
const AIR_PX = 28;
const MOST_PX = 360;

/** Steps as cards from left to right, each in the column after the last step it needs. */
export function RunGraph({
  steps,
  selected,
  select,
}: {
  steps: readonly StepView[];
  selected: string | null;
  select: (name: string) => void;
}) {
  const scheme = useComputedColorScheme('light');
  const { nodes, edges } = useMemo(
    () => layOut(steps, selected, select),
    [steps, selected, select],
  );
  const bottom = Math.max(0, ...nodes.map((node) => node.position.y));
  const height = Math.min(MOST_PX, bottom + ROW_PX + 2 * AIR_PX);
  return (
    <div className="flow" style={{ height }}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        minZoom={0.3}
      />
    </div>
  );
}

function StepCard({ data }: NodeProps<StepNode>) {
  const { step, selected, select } = data;
  return (
    <button
      type="button"
      className={`step-card nodrag tone-${toneOf(step.state)}${selected ? ' selected' : ''}`}
      aria-pressed={selected}
      onClick={() => select(step.name)}
    >
      <Handle type="target" position={Position.Left} style={{ visibility: 'hidden' }} />
      <div className="step-name">{step.name}</div>
      <div className="step-meta">
        <StateWord state={step.state} />
        <span>{step.durationMs === null ? '' : formatDurationShort(step.durationMs)}</span>
      </div>
      <Handle type="source" position={Position.Right} style={{ visibility: 'hidden' }} />
    </button>
  );
}

const NODE_TYPES = { step: StepCard };

function layOut(
  steps: readonly StepView[],
  selected: string | null,
  select: (name: string) => void,
): { nodes: StepNode[]; edges: Edge[] } {
  const columns = new Map<string, number>();
  // Steps come in topological order: what one needs is placed before it.
  for (const step of steps) {
    columns.set(step.name, Math.max(0, ...step.needs.map((need) => (columns.get(need) ?? -1) + 1)));
  }
  const rows = new Map<number, number>();
  const nodes = steps.map((step): StepNode => {
    const column = columns.get(step.name) ?? 0;
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    return {
      id: step.name,
      type: 'step',
      position: { x: column * COLUMN_PX, y: row * ROW_PX },
      data: { step, selected: step.name === selected, select },
    };
  });
  const edges = steps.flatMap((step) =>
    step.needs.map((need): Edge => ({
      id: `${need} ${step.name}`,
      source: need,
      target: step.name,
      markerEnd: { type: MarkerType.ArrowClosed },
      animated: step.state === 'running',
    })),
  );
  return { nodes, edges };
}
