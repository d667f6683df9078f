import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventsAfter } from '../../src/events/event-store.ts';
import { registerVersion } from '../../src/registry/actions/register-version.ts';
import { scoreBatch, type BatchOrder } from '../../src/serving/actions/score-batch.ts';
import { scoreBuiltin } from '../../src/runs/builtins/score.ts';
import { modelFolder, sigmoid, succeedRun } from '../harness/produce-model.ts';
import { batchOrder, batchWorld } from '../harness/score-world.ts';
import type { TestContext } from '../harness/test-context.ts';

const scored = (ctx: TestContext, source: string) =>
  ctx.analytics.rows<{
    i: number;
    score: number | null;
    model_version: string;
    error: string | null;
  }>(`select * from ${source}`);

test('every row keeps its place and its columns, and gets a score or the reason why not', async () => {
  await using ctx = await batchWorld();
  const csv = await ctx.write('rows.csv', 'i,x,noise,note\n1,0.5,0,a\n2,,0,"b, c"\n3,-1,0.25,\n');
  const result = await scoreBatch(ctx, batchOrder(ctx, { input: { path: csv, format: 'csv' } }));
  expect(result).toMatchObject({ model: 'late', version: '1', rows: 3, errors: 1 });
  const path = join(ctx.paths.root, 'scored.parquet');
  const rows = await scored(ctx, `read_parquet('${path}')`);
  expect(rows).toEqual([
    {
      i: 1,
      x: 0.5,
      noise: 0,
      note: 'a',
      score: expect.closeTo(sigmoid(1), 6),
      model_version: '1',
      error: null,
    },
    {
      i: 2,
      x: null,
      noise: 0,
      note: 'b, c',
      score: null,
      model_version: '1',
      error: 'GATEWAY_BAD_INPUT: the column "x" is null; the model requires a value',
    },
    {
      i: 3,
      x: -1,
      noise: 0.25,
      note: null,
      score: expect.closeTo(sigmoid(-2), 6),
      model_version: '1',
      error: null,
    },
  ]);
  expect(result.digest).toBe(
    `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`,
  );
  const [event] = await eventsAfter(ctx.db, { position: 0, types: ['batch.scored'], limit: 10 });
  expect(event?.data).toMatchObject({
    model: 'late',
    version: '1',
    rows: 3,
    digest: result.digest,
  });
  for (const format of ['csv', 'json', 'jsonl'] as const) {
    const output = join(ctx.paths.root, `scored.${format}`);
    await scoreBatch(
      ctx,
      batchOrder(ctx, { input: { path: csv, format: 'csv' }, output: { path: output, format } }),
    );
    const again = await scored(
      ctx,
      format === 'csv' ? `read_csv('${output}')` : `read_json('${output}')`,
    );
    expect(again.map(({ i, score }) => [i, score])).toEqual(rows.map(({ i, score }) => [i, score]));
  }
  expect(readdirSync(ctx.paths.temp).filter((name) => /scoring|gateway/.test(name))).toEqual([]);
});

test('what cannot be scored at all is refused, and leaves no output', async () => {
  await using ctx = await batchWorld();
  const output = join(ctx.paths.root, 'scored.parquet');
  const refused = async (name: string, text: string, part: Partial<BatchOrder> = {}) => {
    const path = await ctx.write(name, text);
    const scoring = scoreBatch(ctx, batchOrder(ctx, { input: { path, format: 'csv' }, ...part }));
    return scoring.then(
      () => 'scored',
      (error: Error & { code: string }) => `${error.code} ${error.message}`,
    );
  };
  expect(await refused('a.csv', 'y\n1\n')).toContain('no column the model takes (x, noise)');
  expect(await refused('b.csv', 'x,noise,score\n1,2,3\n')).toContain('the column score already');
  expect(await refused('c.csv', 'x,noise\n1,2\n', { time: 'at' })).toContain('no column "at"');
  expect(await refused('d.csv', 'x\n1\n', { endpoint: 'early' })).toContain('ENDPOINT_UNKNOWN');
  expect(await refused('e.csv', 'x\n1\n', { version: '9' })).toContain('MODEL_UNKNOWN');
  expect(
    await refused('f.csv', 'x,noise\n1,2\n', {
      input: { path: join(ctx.project.dir, 'd.csv'), format: 'parquet' },
    }),
  ).toContain('SCORING_INPUT_INVALID The file cannot be read as parquet');
  const aborting = new AbortController();
  aborting.abort();
  expect(await refused('g.csv', 'x,noise\n1,2\n', { signal: aborting.signal })).toContain('abort');
  expect(existsSync(output)).toBe(false);
  expect(readdirSync(ctx.paths.root).filter((name) => name.includes('partial'))).toEqual([]);
});

test('as a step of a pipeline: another key for another version', async () => {
  await using ctx = await batchWorld();
  const path = await ctx.write('rows.csv', 'x,noise\n0.5,0\n1,0\n');
  const lines: string[] = [];
  const config = scoreBuiltin.config.parse({ endpoint: 'late' });
  const input = {
    config: config as never,
    inputs: [{ kind: 'file' as const, name: 'rows.out', path, digest: 'sha256:0' }],
    parameters: {},
    atMs: ctx.clocks.calendar.nowMs(),
  };
  const key = await scoreBuiltin.key(ctx, input);
  const output = join(ctx.paths.temp, 'out');
  const result = await scoreBuiltin.run(ctx, {
    ...input,
    outputs: { scored: output },
    signal: new AbortController().signal,
    log: (line) => lines.push(line),
  });
  expect(result.metrics).toEqual({ rows: 2, errors: 0 });
  expect(lines.at(-1)).toBe('2 rows scored by late 1, 0 of them with an error');
  expect(await ctx.analytics.rows(`select score from read_parquet('${output}')`)).toHaveLength(2);
  const produced = await succeedRun(ctx, {
    runId: 'run_2',
    modelTree: await modelFolder(ctx, { weight: 1 }),
  });
  await registerVersion(ctx, { runId: 'run_2', produced });
  expect(await scoreBuiltin.key(ctx, input)).toBe(key);
  const named = { ...input, config: { ...(config as object), model_version: '2' } as never };
  expect(await scoreBuiltin.key(ctx, named)).not.toBe(key);
});
