import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../../../test/harness/test-context.ts';
import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import { eventsAfter } from '../../events/event-store.ts';
import { profileParts } from '../dataset-store.ts';
import { requireValid } from '../dataset-version.ts';
import { readProfile } from '../read-version.ts';
import { versionFiles, versionRows } from '../version-rows.ts';
import { cutVersion } from './cut-version.ts';
import { diffVersions } from './diff-versions.ts';
import { registerFiles } from './register-files.ts';
import { scanSource } from './scan-source.ts';

const definition: Partial<ProjectDefinition> = {
  datasets: {
    d: { source: { kind: 'files', path: 'data/*' }, time: { event: 'at' }, schema: 's.yaml' },
  },
};

/** Rows [from, to) of a fixed sequence of values with nulls, as one file. */
async function file(
  ctx: TestContext,
  name: string,
  from: number,
  to: number,
  shift = 0,
): Promise<void> {
  await ctx.write(`data/${name}`, '');
  await rm(join(ctx.project.dir, 'data', name));
  await ctx.analytics.run(
    `COPY (SELECT i AS id, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS at,
       CASE WHEN i % 10 <> 0 THEN (hash(i) % 1000)::DOUBLE / 7 - 30 + ${shift} END AS value, 'k' || (hash(i * 7) % 40) AS key
     FROM range(${from}, ${to}) t(i)) TO '${join(ctx.project.dir, 'data', name)}' (FORMAT parquet)`,
  );
  await registerFiles(ctx, { dataset: 'd', paths: [`data/${name}`] });
}

test('the same content is the same version; parts merged give what one look gives', async () => {
  await using ctx = await testContext({ definition });
  await file(ctx, 'a.parquet', 0, 3000);
  const first = await cutVersion(ctx, { dataset: 'd' });
  expect(first).toMatchObject({
    kind: 'created',
    version: { number: 1, rows: 3000, newRows: 3000, state: 'valid' },
  });
  expect(await cutVersion(ctx, { dataset: 'd' })).toMatchObject({
    kind: 'unchanged',
    version: { number: 1 },
  });
  for (let at = 1; at <= 12; at += 1) {
    await file(ctx, `b${at}.parquet`, 3000 + at * 500, 3500 + at * 500);
    const cut = await cutVersion(ctx, { dataset: 'd' });
    expect(cut.version).toMatchObject({ number: at + 1, newRows: 500 });
  }
  expect((await profileParts(ctx.db, 'd')).length).toBeLessThanOrEqual(9);
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  const profile = await readProfile(ctx, version);
  const { sql } = await versionRows(ctx, version);
  const [truth] = await ctx.analytics.rows<Record<string, number>>(
    `SELECT count(*) AS n, count(value) AS present, avg(value) AS mean, stddev_samp(value) AS sd, min(value) AS low, max(value) AS high,
       quantile_cont(value, 0.5) AS median, quantile_cont(value, 0.95) AS q95, count(DISTINCT id) AS ids, count(DISTINCT key) AS keys FROM ${sql}`,
  );
  const column = (name: string) => profile.columns.find((candidate) => candidate.name === name)!;
  expect(profile.rows).toBe(truth!.n);
  expect(column('value')).toMatchObject({
    missing: truth!.n! - truth!.present!,
    min: truth!.low,
    max: truth!.high,
  });
  expect(column('value').mean).toBeCloseTo(truth!.mean!, 9);
  expect(column('value').sd).toBeCloseTo(truth!.sd!, 9);
  expect(column('value').quantiles.find((at) => at.q === 0.95)!.value).toBeCloseTo(truth!.q95!, -1);
  expect(
    Math.abs(
      Number(column('value').quantiles.find((at) => at.q === 0.5)!.value) / truth!.median! - 1,
    ),
  ).toBeLessThan(0.03);
  expect(column('key').distinct).toBe(truth!.keys);
  expect(Math.abs(column('id').distinct! / truth!.ids! - 1)).toBeLessThan(0.1);
  expect(column('at').isTime).toBe(true);
  expect(column('value').histogram.reduce((sum, bar) => sum + bar.count, 0)).toBe(truth!.present);
  const events = await eventsAfter(ctx.db, {
    position: 0,
    limit: 100,
    types: ['dataset.version-created'],
  });
  expect(events).toHaveLength(13);
});

test('a quarantined file makes the version invalid until it is replaced', async () => {
  await using ctx = await testContext({ definition });
  await ctx.write(
    's.yaml',
    'rondo-schema: 1\ncolumns:\n  id: { type: integer }\n  at: { type: timestamp }\n  value: { type: float, max_missing: 1 }\n  key: { type: text }\n',
  );
  await file(ctx, 'a.parquet', 0, 100);
  await ctx.write('data/b.csv', 'id,at,value\n1,2001-01-01 00:00:00,2\n');
  await registerFiles(ctx, { dataset: 'd', paths: ['data/b.csv'] });
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  expect(version).toMatchObject({ state: 'invalid', rows: 100, fileCount: 2, quarantinedCount: 1 });
  expect(() => {
    requireValid(version);
  }).toThrow(/breaks its schema in data\/b.csv: Column "key" \(text\) is missing/);
  await ctx.write('data/b.csv', 'id,at,value,key\n1,2001-01-01 00:00:00,2,x\n');
  await registerFiles(ctx, { dataset: 'd', paths: ['data/b.csv'] });
  const good = await cutVersion(ctx, { dataset: 'd' });
  expect(good.version).toMatchObject({ number: 2, state: 'valid', rows: 101 });
  // Two formats of one dataset meet by column name.
  const { sql } = await versionRows(ctx, good.version);
  expect(await ctx.analytics.rows(`SELECT count(*) AS n, count(key) AS k FROM ${sql}`)).toEqual([
    { n: 101, k: 101 },
  ]);
});

test('a removed file is gone from the next version and from its profile; files are pruned by time', async () => {
  await using ctx = await testContext({ definition });
  await file(ctx, 'a.parquet', 0, 24);
  await file(ctx, 'b.parquet', 24, 48);
  await file(ctx, 'c.parquet', 48, 72);
  const before = await cutVersion(ctx, { dataset: 'd' });
  const day = (n: number): number => Date.UTC(2001, 0, n);
  const some = await versionFiles(ctx, before.version, { fromMs: day(2), toMs: day(2) + 1000 });
  expect(some.map((entry) => entry.path)).toEqual(['data/b.parquet']);
  await rm(join(ctx.project.dir, 'data/b.parquet'));
  await scanSource(ctx, { dataset: 'd' });
  const after = await cutVersion(ctx, { dataset: 'd' });
  expect((await readProfile(ctx, after.version)).rows).toBe(48);
  expect(await versionFiles(ctx, before.version)).toHaveLength(3);
  const diff = await diffVersions(ctx, { dataset: 'd', from: 1, to: 2 });
  expect(diff.files).toMatchObject({ removed: ['data/b.parquet'], addedCount: 0, changedCount: 0 });
  expect(diff.rows).toEqual({ before: 72, after: 48 });
});

test('a diff tells a moved column from one that only varies', async () => {
  await using ctx = await testContext({ definition });
  await file(ctx, 'a.parquet', 0, 5000);
  await cutVersion(ctx, { dataset: 'd' });
  await file(ctx, 'a.parquet', 5000, 10_000, 60);
  await cutVersion(ctx, { dataset: 'd' });
  const diff = await diffVersions(ctx, { dataset: 'd', from: 1, to: 'latest' });
  expect(diff.files.changed).toEqual(['data/a.parquet']);
  const column = (name: string) => diff.columns.find((candidate) => candidate.column === name)!;
  expect(column('value').psi!).toBeGreaterThan(column('value').noise!);
  expect(column('value').meanShift!).toBeGreaterThan(1);
  expect(column('key').psi!).toBeLessThan(column('key').noise!);
});

test('NaN and infinities are counted, and stand in no mean, bin or extreme', async () => {
  await using ctx = await testContext({ definition });
  await ctx.write('data/x', '');
  await ctx.analytics.run(
    `COPY (SELECT TIMESTAMP '2001-01-01' AS at, CASE WHEN i % 10 = 0 THEN 'nan'::DOUBLE WHEN i % 10 = 1 THEN 'inf'::DOUBLE
       WHEN i % 10 = 2 THEN NULL ELSE i::DOUBLE END AS value FROM range(100) t(i))
     TO '${join(ctx.project.dir, 'data/a.parquet')}' (FORMAT parquet)`,
  );
  await registerFiles(ctx, { dataset: 'd', paths: ['data/a.parquet'] });
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  const profile = await readProfile(ctx, version);
  const column = profile.columns.find((candidate) => candidate.name === 'value')!;
  expect(column).toMatchObject({ missing: 10, distinct: 72, min: 3, max: 99, mean: 51 });
  expect(profile.partial.columns.value).toMatchObject({ count: 90, notFinite: 20 });
});

test('an integer column of another width counts the same values once', async () => {
  await using ctx = await testContext({ definition });
  await ctx.write('data/x', '');
  for (const [name, type] of [
    ['a', 'INTEGER'],
    ['b', 'BIGINT'],
  ]) {
    await ctx.analytics.run(
      `COPY (SELECT TIMESTAMP '2001-01-01' AS at, i::${type} AS id FROM range(2000) t(i))
       TO '${join(ctx.project.dir, `data/${name}.parquet`)}' (FORMAT parquet)`,
    );
    await registerFiles(ctx, { dataset: 'd', paths: [`data/${name}.parquet`] });
    await cutVersion(ctx, { dataset: 'd' });
  }
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  const id = (await readProfile(ctx, version)).columns.find((column) => column.name === 'id');
  expect(Math.abs(id!.distinct! / 2000 - 1)).toBeLessThan(0.1);
});

test('an empty dataset, an empty file and an unknown version say so', async () => {
  await using ctx = await testContext({ definition });
  await expect(cutVersion(ctx, { dataset: 'd' })).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
  await file(ctx, 'a.parquet', 0, 0);
  const { version } = await cutVersion(ctx, { dataset: 'd' });
  expect(version).toMatchObject({ rows: 0, state: 'valid' });
  await expect(diffVersions(ctx, { dataset: 'd', from: 1, to: 9 })).rejects.toMatchObject({
    code: 'DATASET_VERSION_UNKNOWN',
  });
});

test('a run that comes before the first look at the source finds the files all the same', async () => {
  await using ctx = await testContext({ definition });
  await ctx.write('data/a.csv', 'id,at\n1,2001-01-01\n');
  expect((await cutVersion(ctx, { dataset: 'd' })).version).toMatchObject({ rows: 1 });
});
