import type { LineageView } from '../../../src/contract/views/lineage-view.ts';

/** `continued`: it stands in a further column of the same layer, beside its left neighbour. */
export type Placed = { key: string; layer: number; row: number; continued: boolean };
type Edge = Pick<LineageView['edges'][number], 'from' | 'to'>;

const SWEEPS = 4;
const MOST_ROWS = 8;

/**
 * Layers from left to right: each node stands right of everything it was made from; within a layer nodes stand near the
 * mean of their neighbours (Sugiyama's barycentre, a few sweeps). Edges that would close a circle are left out of account.
 */
export function layOutLineage(keys: readonly string[], edges: readonly Edge[]): Placed[] {
  const layers = layersOf(keys, edges);
  const columns: string[][] = [];
  for (const key of keys) (columns[layers.get(key) ?? 0] ??= []).push(key);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    const order = columns.map((_, index) => (down ? index : columns.length - 1 - index));
    for (const index of order) {
      const rows = new Map(columns.flatMap((column) => column.map((key, row) => [key, row])));
      const mean = (key: string): number => {
        const near = edges.flatMap((edge) => {
          const other = down ? edge.to === key && edge.from : edge.from === key && edge.to;
          return typeof other === 'string' ? [rows.get(other) ?? 0] : [];
        });
        return near.length === 0
          ? (rows.get(key) ?? 0)
          : near.reduce((sum, row) => sum + row, 0) / near.length;
      };
      columns[index]?.sort((left, right) => mean(left) - mean(right));
    }
  }
  return wrapped(columns, new Set(edges.map((edge) => edge.from)));
}

/** A layer of an opened fold may hold dozens: it goes on in the next column instead of down the page. */
function wrapped(columns: readonly string[][], leading: ReadonlySet<string>): Placed[] {
  let first = 0;
  return columns.flatMap((column) => {
    // What leads on stands last, next to the layer it leads to.
    const ordered =
      column.length <= MOST_ROWS
        ? column
        : column.toSorted((left, right) => Number(leading.has(left)) - Number(leading.has(right)));
    const rows = Math.ceil(column.length / Math.ceil(column.length / MOST_ROWS));
    const placed = ordered.map((key, index) => ({
      key,
      layer: first + Math.floor(index / rows),
      row: index % rows,
      continued: index >= rows,
    }));
    first += Math.ceil(column.length / rows);
    return placed;
  });
}

function layersOf(keys: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const known = new Set(keys);
  const before = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if (!known.has(from) || !known.has(to)) continue;
    before.set(to, [...(before.get(to) ?? []), from]);
  }
  const layers = new Map<string, number>();
  const visiting = new Set<string>();
  const layerOf = (key: string): number => {
    const done = layers.get(key);
    if (done !== undefined) return done;
    visiting.add(key);
    const layer = Math.max(
      0,
      ...(before.get(key) ?? [])
        .filter((other) => !visiting.has(other))
        .map((other) => layerOf(other) + 1),
    );
    visiting.delete(key);
    layers.set(key, layer);
    return layer;
  };
  for (const key of keys) layerOf(key);
  return layers;
}
