import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../../../test/harness/test-context.ts';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import { filesAt, findDatasetRow } from '../dataset-store.ts';
import { SEGMENT_FILES } from '../segment.ts';
import { storedFiles } from '../stored-files.ts';
import { versionRows } from '../version-rows.ts';
import { cutVersion } from './cut-version.ts';
import { mergeFiles } from './merge-files.ts';
import { registerFiles } from './register-files.ts';
import { scanSource } from './scan-source.ts';

const definition: Partial<ProjectDefinition> = {
  datasets: { d: { source: { kind: 'files', path: 'data/*' }, time: { event: 'at' } } },
};

async function land(ctx: TestContext, from: number, to: number, select = 'i, "at"'): Promise<void> {
  await mkdir(join(ctx.project.dir, 'data'), { recursive: true });
  const paths: string[] = [];
  for (let n = from; n < to; n += 1) {
    const path = `data/${String(n).padStart(5, '0')}.parquet`;
    // Every tenth file is empty.
    await ctx.analytics.run(
      `COPY (SELECT ${select} FROM (SELECT ${n} * 10 + i AS i, TIMESTAMP '2001-01-01' + INTERVAL (${n}) HOUR AS "at"
         FROM range(${n % 10 === 3 ? 0 : 5}) t(i))) TO '${join(ctx.project.dir, path)}' (FORMAT parquet)`,
    );
    paths.push(path);
  }
  await registerFiles(ctx, { dataset: 'd', paths });
}

async function rows(ctx: TestContext): Promise<{ rows: unknown[]; stored: number }> {
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  const { sql } = await versionRows(ctx, version);
  const sequence = (await findDatasetRow(ctx.db, 'd'))?.sequence ?? 0;
  const files = await filesAt(ctx.db, { dataset: 'd', sequence, status: 'accepted' });
  return {
    rows: await ctx.analytics.rows(`select * from ${sql}`),
    stored: (await storedFiles(ctx, 'd', files)).length,
  };
}

test('merged files give the same rows in the same order, also after one was removed or replaced', async () => {
  await using ctx = await testContext({ definition });
  await land(ctx, 0, 160);
  const before = await rows(ctx);
  expect(before.stored).toBe(144);
  while (await mergeFiles(ctx, 'd'));
  const merged = await rows(ctx);
  expect(merged.rows).toEqual(before.rows);
  expect(merged.stored).toBe(2 + 144 - 2 * SEGMENT_FILES);

  // Another layout and a removed file: the segment of the removed one is passed over, and only that.
  await rm(join(ctx.project.dir, 'data', '00005.parquet'));
  await scanSource(ctx, { dataset: 'd' });
  await land(ctx, 160, 230, 'i, "at", i * 0.5 as half');
  while (await mergeFiles(ctx, 'd'));
  const after = await rows(ctx);
  expect(after.rows).toHaveLength(before.rows.length - 5 + 5 * 63);
  const seen = after.rows as { i: number; half: number | null }[];
  expect(seen.filter((row) => row.i === 1600)).toEqual([expect.objectContaining({ half: 800 })]);
  expect(seen.some((row) => row.i >= 50 && row.i < 55)).toBe(false);
  expect(after.stored).toBe(
    SEGMENT_FILES - 1 + 1 + 1 + (63 - (SEGMENT_FILES - 16)) + (SEGMENT_FILES - 16),
  );
});

test('part of a segment is read from its own files, and nothing is merged before enough have arrived', async () => {
  await using ctx = await testContext({ definition });
  await land(ctx, 0, SEGMENT_FILES - 1);
  expect(await mergeFiles(ctx, 'd')).toBe(false);
  await land(ctx, SEGMENT_FILES, SEGMENT_FILES + 12);
  expect(await mergeFiles(ctx, 'd')).toBe(true);
  expect(await mergeFiles(ctx, 'd')).toBe(false);
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  const day = { fromMs: Date.UTC(2001, 0, 2), toMs: Date.UTC(2001, 0, 3) };
  const { sql } = await versionRows(ctx, version, day);
  const [found] = await ctx.analytics.rows<{ n: number; least: number }>(
    `select count(*) as n, min(i) as least from ${sql}`,
  );
  expect(found).toEqual({ n: 5 * 23, least: 240 });
});
