import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { timeSortedIds } from '../../src/base/ids.ts';
import type { DataPaths } from '../../src/context.ts';
import { withScratchGateway } from '../../src/serving/scratch-gateway.ts';
import { logisticGraph, lookUpGraph, writeModel } from '../harness/tiny-onnx.ts';

let dir: string;
let ctx: Parameters<typeof withScratchGateway>[0];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rondo-scratch-'));
  const temp = join(dir, 'temp');
  mkdirSync(temp);
  ctx = {
    paths: { temp } as DataPaths,
    ids: timeSortedIds(Date.now, () => Math.floor(Math.random() * 256)),
  };
});
afterEach(() => rmSync(dir, { recursive: true }));

it('scores rows in their order, with missing features, over several requests', async () => {
  const source = {
    column: 'share',
    view: 'v',
    viewDigest: 'd',
    feature: 'f',
    entity: 'e',
    ttlMs: 1,
  };
  const table = writeModel(dir, {
    name: 'm',
    version: '1',
    graph: lookUpGraph(2, 0),
    columns: ['x', 'share'],
    features: [source],
    positiveClass: null,
  });
  const logistic = writeModel(dir, {
    name: 'm',
    version: '2',
    graph: logisticGraph([1, 1], 0),
    columns: ['x', 'share'],
    features: [source],
  });
  await withScratchGateway(ctx, [table, logistic], async (gateway) => {
    const rows = Array.from({ length: 2500 }, (_, i) => [null, i === 1700 ? 44 : i % 10]);
    const { scores, errors } = await gateway.scoreRows('1', ['share', 'x'], rows);
    expect(scores).toHaveLength(2500);
    expect(errors).toEqual([
      { row: 1700, status: 500, message: expect.stringContaining('out of data bounds') },
    ]);
    expect(scores[1700]).toBeNull();
    expect(scores[2409]).toBeCloseTo(0.09, 5);
    const second = await gateway.scoreRows(
      '2',
      ['share', 'x'],
      [
        [0.5, 0.5],
        [null, 1],
      ],
    );
    expect(second).toEqual({
      scores: [expect.closeTo(1 / (1 + Math.exp(-1)), 5), null],
      errors: [],
    });
  });
  expect(readdirSync(join(dir, 'temp'))).toEqual([]);
});

it('says why a model cannot be served, and leaves nothing behind', async () => {
  const model = writeModel(dir, {
    name: 'm',
    version: '1',
    graph: logisticGraph([1, 1], 0),
    columns: ['x'],
  });
  const use = withScratchGateway(ctx, [model], () => Promise.resolve());
  await expect(use).rejects.toMatchObject({
    code: 'GATEWAY_MODEL_UNLOADABLE',
    message: expect.stringContaining('1 columns, the graph takes 2'),
  });
  expect(readdirSync(join(dir, 'temp'))).toEqual([]);
});
