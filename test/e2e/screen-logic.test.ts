import { describe, expect, test } from 'vitest';
import { layOutLineage } from '../../web/src/charts/lineage-layout.ts';
import { changedSearch } from '../../web/src/components/changed-search.ts';
import { findEntries } from '../../web/src/frame/palette-search.ts';

describe('the layers of a lineage', () => {
  test('everything stands right of what it was made from, a circle does not hang', () => {
    const edges = [
      { from: 'commit', to: 'run' },
      { from: 'data', to: 'run' },
      { from: 'run', to: 'model' },
      { from: 'commit', to: 'model' },
      { from: 'model', to: 'release' },
      // An alarm about the model starts the run again: a circle.
      { from: 'model', to: 'alarm' },
      { from: 'alarm', to: 'run' },
      { from: 'gone', to: 'run' },
    ];
    const keys = ['model', 'run', 'commit', 'data', 'release', 'alarm'];
    const placed = new Map(layOutLineage(keys, edges).map((one) => [one.key, one]));
    expect([...placed.keys()].sort()).toEqual([...keys].sort());
    expect(placed.get('model')?.layer).toBeGreaterThan(placed.get('commit')?.layer ?? 9);
    expect(placed.get('release')?.layer).toBeGreaterThan(placed.get('model')?.layer ?? 9);
    const spots = [...placed.values()].map((one) => `${one.layer} ${one.row}`);
    expect(new Set(spots).size).toBe(spots.length);
  });

  test('neighbours stand in the order of what they hang on', () => {
    const edges = ['a', 'b', 'c'].map((name) => ({ from: name, to: `${name}2` }));
    const rows = layOutLineage(['a', 'b', 'c', 'c2', 'a2', 'b2'], edges)
      .filter((one) => one.layer === 1)
      .sort((left, right) => left.row - right.row);
    expect(rows.map((one) => one.key)).toEqual(['a2', 'b2', 'c2']);
  });

  test('a layer of many goes on in further columns; what leads on stands in the last', () => {
    const many = Array.from({ length: 40 }, (_, index) => `prediction ${index}`);
    const edges = [
      ...many.map((key) => ({ from: 'model', to: key })),
      { from: 'model', to: 'release' },
      { from: 'release', to: 'endpoint' },
    ];
    const placed = layOutLineage(['model', 'release', ...many, 'endpoint'], edges);
    expect(Math.max(...placed.map((one) => one.row))).toBeLessThan(8);
    const layer = (key: string): number => placed.find((one) => one.key === key)?.layer ?? -1;
    expect(layer('endpoint')).toBe(layer('release') + 1);
    expect(placed.filter((one) => one.continued).length).toBeGreaterThan(30);
  });
});

test('the palette finds by every word, names that begin with them first', () => {
  const entries = [
    { kind: 'run, failed', text: 'train run_0021', to: '/runs/run_0021' },
    { kind: 'screen', text: 'Runs', to: '/runs' },
    { kind: 'action', text: 'Run train' },
    { kind: 'model', text: 'late-arrival', to: '/models/late-arrival' },
  ];
  expect(findEntries(entries, '').map((entry) => entry.text)[0]).toBe('train run_0021');
  expect(findEntries(entries, 'run').map((entry) => entry.text)).toEqual([
    'Runs',
    'Run train',
    'train run_0021',
  ]);
  expect(findEntries(entries, 'failed train').map((entry) => entry.text)).toEqual([
    'train run_0021',
  ]);
  expect(findEntries(entries, 'nothing')).toEqual([]);
});

test('what becomes empty leaves the address', () => {
  expect(changedSearch({ type: 'a', actor: 'b' }, { type: '' })).toEqual({ actor: 'b' });
  expect(changedSearch<{ from?: number }>({}, { from: 0 })).toEqual({ from: 0 });
});
