import type { PaletteAction } from '../../../src/contract/views/frame-view.ts';

/** A place to go to, or an order to give. */
export type PaletteEntry = {
  kind: string;
  text: string;
  to?: string;
  order?: PaletteAction;
  /** Keys that lead there as well. */
  key?: string;
};

const SHOWN = 40;

/** Entries that hold every word typed; those whose name begins with one stand first, else the order given. */
export function findEntries(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return entries
    .filter((entry) => {
      const searched = `${entry.kind} ${entry.text}`.toLowerCase();
      return words.every((word) => searched.includes(word));
    })
    .map((entry, index) => ({ entry, index, rank: rankOf(entry, words) }))
    .sort((left, right) => left.rank - right.rank || left.index - right.index)
    .slice(0, SHOWN)
    .map(({ entry }) => entry);
}

function rankOf(entry: PaletteEntry, words: readonly string[]): number {
  const name = entry.text.toLowerCase();
  const [first] = words;
  if (first === undefined || name.startsWith(words.join(' '))) return 0;
  if (name.startsWith(first)) return 1;
  return words.every((word) => name.includes(word)) ? 2 : 3;
}
