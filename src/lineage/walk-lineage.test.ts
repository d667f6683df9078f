import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LineageView } from '../contract/views/lineage-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { LineageKind } from './lineage-kind.ts';
import { node } from './nodes.ts';
import { walkLineage } from './walk-lineage.ts';

/** No database is asked: the kinds below know their neighbours by themselves. */
const noDatabase = undefined as unknown as ReadDatabase;

function made(kind: LineageKind['kind'], id: string) {
  return node(kind, id, { label: id, state: null, atMs: null, to: null });
}

/** A dataset version read by many runs, each of which made some versions, each with many predictions. */
function fan(runs: number, versions: number, predictions: number): LineageKind[] {
  const nothing = () => Promise.resolve([]);
  const numbered = (count: number, name: (index: number) => string): string[] =>
    Array.from({ length: count }, (_, index) => name(index));
  return [
    {
      kind: 'dataset-version',
      find: () => Promise.resolve(undefined),
      up: nothing,
      down: (step) =>
        Promise.resolve([
          {
            kind: 'run',
            label: 'was read by',
            nodes: numbered(Math.min(runs, step.take('run')), (i) => `run_${i}`).map((id) =>
              made('run', id),
            ),
            total: runs,
          },
        ]),
    },
    {
      kind: 'run',
      find: () => Promise.resolve(undefined),
      up: () =>
        Promise.resolve([
          {
            kind: 'dataset-version',
            label: 'was read by',
            nodes: [made('dataset-version', 'd@1')],
            total: 1,
          },
        ]),
      down: (_step, id) =>
        Promise.resolve([
          {
            kind: 'model-version',
            label: 'made',
            nodes: numbered(versions, (i) => `${id}/${i}`).map((one) => made('model-version', one)),
            total: versions,
          },
        ]),
    },
    {
      kind: 'model-version',
      find: () => Promise.resolve(undefined),
      up: nothing,
      down: (step, id) =>
        Promise.resolve([
          {
            kind: 'prediction',
            label: 'answered',
            nodes: numbered(
              Math.min(predictions, step.take('prediction')),
              (i) => `${id}-${i}`,
            ).map((one) => made('prediction', one)),
            total: predictions,
          },
        ]),
    },
  ];
}

const walk = (
  kinds: readonly LineageKind[],
  options: { limit?: number; open?: string } = {},
): Promise<LineageView> =>
  walkLineage(noDatabase, kinds, {
    focus: made('dataset-version', 'd@1'),
    directions: ['up', 'down'],
    limit: options.limit ?? 30,
    open: options.open,
  });

function foldOf(view: LineageView, kind: string) {
  return view.nodes.find((one) => one.key === `fold:down:${kind}`);
}

describe('a lineage too large to be drawn', () => {
  test('five of a kind are shown, the rest is folded with its count', async () => {
    const view = await walk(fan(300, 1, 1000));
    expect(view.nodes.filter((one) => one.kind === 'run')).toHaveLength(5);
    expect(foldOf(view, 'run')).toMatchObject({ count: 295, label: '295 more runs', to: null });
    expect(view.nodes.filter((one) => one.kind === 'model-version')).toHaveLength(5);
    // Of the versions that are shown: nobody has looked behind the fold of runs.
    expect(foldOf(view, 'prediction')).toMatchObject({ count: 5000, label: '5,000 predictions' });
  });

  test('a fold that is opened shows more of its kind', async () => {
    const view = await walk(fan(300, 1, 3), { open: 'fold:down:run', limit: 100 });
    expect(view.nodes.filter((one) => one.kind === 'run')).toHaveLength(60);
    expect(foldOf(view, 'run')).toMatchObject({ count: 240 });
  });

  test('predictions are listed only where their fold is opened', async () => {
    const kinds = fan(1, 1, 20);
    expect((await walk(kinds)).nodes.filter((one) => one.kind === 'prediction')).toEqual([]);
    const opened = await walk(kinds, { open: 'fold:down:prediction', limit: 100 });
    expect(opened.nodes.filter((one) => one.kind === 'prediction')).toHaveLength(20);
  });

  test('never more than was asked for, every edge between nodes that are there, nothing lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40),
        fc.nat(8),
        fc.nat(50),
        fc.integer({ min: 2, max: 60 }),
        async (runs, versions, predictions, limit) => {
          const view = await walk(fan(runs, versions, predictions), { limit });
          expect(view.nodes.length).toBeLessThanOrEqual(Math.max(limit, 4));
          const keys = new Set(view.nodes.map((one) => one.key));
          expect(keys.size).toBe(view.nodes.length);
          for (const edge of view.edges) {
            expect(keys.has(edge.from)).toBe(true);
            expect(keys.has(edge.to)).toBe(true);
          }
          const reached = new Set(view.edges.flatMap((edge) => [edge.from, edge.to]));
          for (const one of view.nodes)
            expect(one.key === view.focus || reached.has(one.key)).toBe(true);
          const shown = view.nodes.filter((one) => one.kind === 'run').length;
          expect(shown + (foldOf(view, 'run')?.count ?? 0)).toBe(runs);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('edges point from the earlier to the later, whichever side was asked for', async () => {
    const up = await walkLineage(noDatabase, fan(1, 1, 1), {
      focus: made('run', 'run_0'),
      directions: ['up'],
      limit: 30,
      open: undefined,
    });
    expect(up.edges).toEqual([
      { from: 'dataset-version:d@1', to: 'run:run_0', label: 'was read by' },
    ]);
  });
});
