import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scoreBatch } from '../../src/serving/actions/score-batch.ts';
import { batchOrder, batchWorld } from '../harness/score-world.ts';

test('a million rows stream through: memory does not grow with them', async () => {
  await using ctx = await batchWorld();
  const input = join(ctx.paths.root, 'million.parquet');
  const rows = 1_000_000;
  await ctx.analytics.run(
    `copy (select i, (i % 4001 - 2000) / 1000.0 as x, 0.5 as noise from range(${rows}) t(i)) to '${input}' (format parquet)`,
  );
  const before = process.memoryUsage().rss;
  let most = 0;
  const shares: number[] = [];
  const result = await scoreBatch(
    ctx,
    batchOrder(ctx, {
      input: { path: input, format: 'parquet' },
      progress: (done, total) => {
        most = Math.max(most, process.memoryUsage().rss);
        shares.push(done / total);
      },
    }),
  );
  expect(result).toMatchObject({ rows, errors: 0 });
  expect(shares.length).toBeGreaterThan(100);
  expect(shares.at(-1)).toBe(1);
  process.stderr.write(
    `rss ${(before / 2 ** 20).toFixed(0)} most ${(most / 2 ** 20).toFixed(0)}\n`,
  );
  expect((most - before) / 2 ** 20).toBeLessThan(300);
  const [check] = await ctx.analytics.rows<{ rows: number; wrong: number; ordered: boolean }>(
    `select count(*) as rows, count(*) filter (abs(score - 1 / (1 + exp(-2 * x))) > 1e-5) as wrong,
      bool_and(i = file_row_number) as ordered
      from read_parquet('${join(ctx.paths.root, 'scored.parquet')}', file_row_number = true)`,
  );
  expect(check).toEqual({ rows, wrong: 0, ordered: true });
});
