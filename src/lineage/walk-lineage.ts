import type { LineageNode, LineageView } from '../contract/views/lineage-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { Direction, Group, LineageKind, NodeKind } from './lineage-kind.ts';

/** Nodes of one kind shown on one side before the rest is folded. */
const MOST_OF_KIND = 5;
/** Once a person has opened a fold. */
const MOST_OPENED = 60;

type Walk = {
  focus: LineageNode;
  /** In the order they were reached. */
  shown: Map<string, LineageNode>;
  folds: Map<string, LineageNode & { members: Set<string>; unread: number }>;
  edges: Map<string, LineageView['edges'][number]>;
};

/**
 * The lineage round a node, breadth first on both sides: at most `limit` nodes, of each kind on each side the first five
 * reached; the rest is folded by kind with its count. What is folded is not followed. `open` is the key of a fold to show
 * more of.
 */
export async function walkLineage(
  db: ReadDatabase,
  kinds: readonly LineageKind[],
  query: {
    focus: LineageNode;
    directions: readonly Direction[];
    limit: number;
    open: string | undefined;
  },
): Promise<LineageView> {
  const { focus, limit, open } = query;
  const walk: Walk = { focus, shown: new Map(), folds: new Map(), edges: new Map() };
  walk.shown.set(focus.key, focus);
  for (const direction of query.directions)
    await walkSide(db, kinds, { walk, direction, limit, open });
  while (walk.shown.size + walk.folds.size > limit && walk.shown.size > 1) foldLast(walk);
  const folds = [...walk.folds.values()].map(({ members: _m, unread: _u, ...fold }) => fold);
  return {
    focus: focus.key,
    nodes: [...walk.shown.values(), ...folds],
    edges: [...walk.edges.values()],
  };
}

type Side = { walk: Walk; direction: Direction; limit: number; open: string | undefined };

async function walkSide(
  db: ReadDatabase,
  kinds: readonly LineageKind[],
  side: Side,
): Promise<void> {
  const { walk, direction, open } = side;
  const most = (kind: NodeKind): number =>
    open === foldKey(direction, kind) ? MOST_OPENED : MOST_OF_KIND;
  // Predictions are too many to list unasked: they are counted.
  const take = (kind: NodeKind): number =>
    kind === 'prediction' && open !== foldKey(direction, kind) ? 0 : most(kind);
  const shownOf = new Map<NodeKind, number>();
  const queue: { node: LineageNode; depth: number }[] = [{ node: walk.focus, depth: 0 }];
  for (let at = queue.shift(); at; at = queue.shift()) {
    const { node, depth } = at;
    const kind = kinds.find((one) => one.kind === node.kind);
    for (const group of (await kind?.[direction]({ db, take, depth }, node.id)) ?? []) {
      for (const found of group.nodes) {
        const known = walk.shown.has(found.key);
        const count = shownOf.get(group.kind) ?? 0;
        if (!known && (count >= most(group.kind) || walk.shown.size >= side.limit)) {
          foldIn(walk, direction, { group, from: node.key, key: found.key });
          continue;
        }
        link(walk, direction, { near: node.key, far: found.key, label: group.label });
        if (known) continue;
        shownOf.set(group.kind, count + 1);
        walk.shown.set(found.key, found);
        queue.push({ node: found, depth: depth + 1 });
      }
      const unread = group.total - group.nodes.length;
      if (unread > 0) foldIn(walk, direction, { group, from: node.key, unread });
    }
  }
}

function foldKey(direction: Direction, kind: string): string {
  return `fold:${direction}:${kind}`;
}

/** Adds one node by its key, or a number of unread ones, to the fold of its side and kind. */
function foldIn(
  walk: Walk,
  direction: Direction,
  found: { group: Pick<Group, 'kind' | 'label'>; from: string; key?: string; unread?: number },
): void {
  const { group, from } = found;
  const key = foldKey(direction, group.kind);
  const fold = walk.folds.get(key) ?? {
    key,
    kind: 'fold' as const,
    id: `${direction}:${group.kind}`,
    label: '',
    state: null,
    atMs: null,
    to: null,
    count: 0,
    members: new Set<string>(),
    unread: 0,
  };
  if (found.key !== undefined) fold.members.add(found.key);
  fold.unread += found.unread ?? 0;
  fold.count = fold.members.size + fold.unread;
  fold.label = foldLabel(group.kind, fold.count);
  walk.folds.set(key, fold);
  link(walk, direction, { near: from, far: key, label: group.label });
}

const PLURALS: Record<string, [one: string, many: string]> = {
  commit: ['commit', 'commits'],
  bundle: ['bundle', 'bundles'],
  'dataset-version': ['dataset version', 'dataset versions'],
  run: ['run', 'runs'],
  'model-version': ['model version', 'model versions'],
  release: ['release', 'releases'],
  endpoint: ['endpoint', 'endpoints'],
  prediction: ['prediction', 'predictions'],
  alarm: ['alarm', 'alarms'],
};

function foldLabel(kind: string, count: number): string {
  const [one, many] = PLURALS[kind] ?? [kind, kind];
  const more = kind === 'prediction' ? '' : ' more';
  return `${count.toLocaleString('en-US')}${more} ${count === 1 ? one : many}`;
}

/** `near` lies nearer to the focus; the edge always points from the earlier to the later. */
function link(
  walk: Walk,
  direction: Direction,
  edge: { near: string; far: string; label: string },
): void {
  const [from, to] = direction === 'down' ? [edge.near, edge.far] : [edge.far, edge.near];
  walk.edges.set(`${from} ${to}`, { from, to, label: edge.label });
}

/** Moves the node that was reached last into the fold of its kind, when folds have made the picture too large. */
function foldLast(walk: Walk): void {
  const last = [...walk.shown.values()].at(-1);
  if (!last) return;
  walk.shown.delete(last.key);
  for (const [key, edge] of walk.edges) {
    if (edge.from !== last.key && edge.to !== last.key) continue;
    walk.edges.delete(key);
    const other = edge.from === last.key ? edge.to : edge.from;
    // Reached from `other`, unless that was reached from here: then it is gone, or hangs on something else too.
    if (!walk.shown.has(other)) continue;
    foldIn(walk, edge.to === last.key ? 'down' : 'up', {
      group: { kind: last.kind as NodeKind, label: edge.label },
      from: other,
      key: last.key,
    });
  }
  dropLooseFolds(walk);
}

/** A fold nothing points to any more. */
function dropLooseFolds(walk: Walk): void {
  for (const key of walk.folds.keys()) {
    const held = [...walk.edges.values()].some((edge) => edge.from === key || edge.to === key);
    if (!held) walk.folds.delete(key);
  }
}
