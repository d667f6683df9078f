import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../../../test/harness/test-context.ts';
import { loadReferenceRows } from './load-reference-rows.ts';

/** A registered version with test rows (parquet) and, in another order of rows never, the scores of its gates. */
async function register(ctx: TestContext, rows: number): Promise<void> {
  const file = join(ctx.paths.temp, 'rows.parquet');
  await ctx.analytics.run(
    `copy (select i as hour, i % 5 as weekday, 'AAA' as origin, i % 2 as late from range(${rows}) t(i)) to '${file}' (format parquet)`,
  );
  const test = (await ctx.blobs.put(await readFile(file))).digest;
  const scores = (
    await ctx.blobs.put(JSON.stringify(Array.from({ length: rows }, (_, index) => index / rows)))
  ).digest;
  const modelTree = `sha256:${'0'.repeat(64)}`;
  await ctx.db
    .insertInto('model_versions')
    .values({
      model: 'late',
      number: 1,
      version: '1',
      digest: modelTree,
      origin: 'pipeline',
      run_id: 'run_1',
      source_run_id: 'run_1',
      source: 'mlflow-artifacts:/registered/late/1',
      stage: 'None',
      state: 'champion',
      reason: null,
      signature: JSON.stringify([{ name: 'hour' }, { name: 'weekday' }]),
      features: '[]',
      metrics: '{}',
      produced: JSON.stringify({ model: 'late', modelTree, test }),
      positive_class: 1,
      created_at_ms: 0,
      changed_at_ms: 0,
      updated_at_ms: 0,
    })
    .execute();
  await ctx.db
    .insertInto('model_scores')
    .values({
      model_digest: modelTree,
      rows_digest: test,
      scores,
      row_count: rows,
      errors: 0,
    })
    .execute();
}

test.each([100, 25_000])(
  'inputs, labels and scores of %i test rows stay together',
  async (count) => {
    await using ctx = await testContext({
      definition: { models: { late: { label: { column: 'late', horizon: 0 }, gates: [] } } },
    });
    await register(ctx, count);
    const rows = await loadReferenceRows(ctx, { model: 'late', version: '1', which: 'test' });
    const hours = rows?.columns.get('hour') ?? [];
    expect([...(rows?.columns.keys() ?? [])]).toEqual(['hour', 'weekday']);
    expect(rows?.count).toBe(hours.length);
    expect(hours.length).toBeGreaterThan(99);
    expect(hours.length).toBeLessThanOrEqual(10_000);
    expect(rows?.scores).toEqual(hours.map((hour) => Number(hour) / count));
    expect(rows?.labels).toEqual(hours.map((hour) => Number(hour) % 2));
  },
);

test('a version that left no rows has no reference', async () => {
  await using ctx = await testContext();
  await register(ctx, 50);
  const query = { model: 'late', version: '1' };
  expect(await loadReferenceRows(ctx, { ...query, which: 'training' })).toBeNull();
  expect(await loadReferenceRows(ctx, { ...query, version: '2', which: 'test' })).toBeNull();
});
