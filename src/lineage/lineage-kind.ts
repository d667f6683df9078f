import type { LineageNode } from '../contract/views/lineage-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';

export type NodeKind = Exclude<LineageNode['kind'], 'fold'>;
export type Direction = 'up' | 'down';

/** Neighbours of one kind: the newest ones, and how many there are in all. */
export type Group = { kind: NodeKind; label: string; nodes: LineageNode[]; total: number };

export type Step = {
  db: ReadDatabase;
  /** At most this many nodes of the kind are read; 0 where the caller wants the count alone. */
  take(kind: NodeKind): number;
  /** How far the node lies from what was asked for. */
  depth: number;
};

/**
 * One kind of thing in the lineage. `up` gives what it was made from, `down` what was made of it; both point from the
 * earlier to the later with an edge that reads "EARLIER label LATER".
 */
export type LineageKind = {
  kind: NodeKind;
  find(db: ReadDatabase, id: string): Promise<LineageNode | undefined>;
  up(step: Step, id: string): Promise<Group[]>;
  down(step: Step, id: string): Promise<Group[]>;
};

/** A group of all there is: nothing was left out. */
export function group(kind: NodeKind, label: string, nodes: (LineageNode | undefined)[]): Group {
  const found = nodes.filter((one) => one !== undefined);
  return { kind, label, nodes: found, total: found.length };
}

/** The count of a `count(*)` or `sum(...)`, whichever way the engine gives it. */
export function countOf(row: { count: number | string | null } | undefined): number {
  return Number(row?.count ?? 0);
}

/** Splits `NAME@3` or `NAME/3` at its last separator; undefined when there is none. */
export function splitLast(id: string, separator: string): [string, string] | undefined {
  const at = id.lastIndexOf(separator);
  return at <= 0 ? undefined : [id.slice(0, at), id.slice(at + 1)];
}
