import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { IMPROVEMENT, LEAKING_FEATURE } from './commit-edits.ts';
import { parameterEdit } from './faults.ts';
import { applyEdit, commitEdits, initRepository, revertCommit } from './project-commits.ts';

const root = join(import.meta.dirname, '..', '..', '..');

type Row = (number | null)[];
type Steps = {
  fitLogistic(
    data: { rows: Row[]; late: number[] },
    settings: { l2: number; holidays: number[] },
  ): { coefficients: object; logLoss: number };
  score(row: Row, model: object): number;
  toOnnx(model: object): Uint8Array;
};

async function withProject(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'rondo-demo-edits-'));
  try {
    await cp(join(root, 'examples', 'flights'), dir, { recursive: true });
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
    await writeFile(join(dir, '.gitignore'), 'node_modules\n');
    await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Rows whose label depends on both airports being late together. */
function togetherLate(): { rows: Row[]; late: number[] } {
  const rows: Row[] = Array.from({ length: 2000 }, (_, i) => [
    i % 24,
    1 + (i % 7),
    300 + (i % 50) * 30,
    i % 100,
    i % 13 === 0 ? null : ((i * 7) % 31) / 31,
    ((i * 11) % 29) / 29,
  ]);
  const late = rows.map((row, i) =>
    ((i * 37) % 101) / 101 < (row[4] ?? 0.5) * (row[5] ?? 0.5) ? 1 : 0,
  );
  return { rows, late };
}

const load = async (dir: string): Promise<Steps> =>
  ({
    ...(await import(pathToFileURL(join(dir, 'steps/model.ts')).href)),
    ...(await import(pathToFileURL(join(dir, 'steps/fit-logistic.ts')).href)),
  }) as Steps;

test('the improved model learns more from the same rows, and its graph scores as its code does', async () => {
  await withProject(async (dir) => {
    const settings = { l2: 1, holidays: Array.from({ length: 730 }, () => 0) };
    const data = togetherLate();
    const before = (await load(join(root, 'examples', 'flights'))).fitLogistic(data, settings);
    for (const edit of IMPROVEMENT) await applyEdit(dir, edit);
    const steps = await load(dir);
    const { coefficients, logLoss } = steps.fitLogistic(data, settings);
    expect(logLoss).toBeLessThan(before.logLoss);
    const session = await InferenceSession.create(steps.toOnnx(coefficients));
    const rows = data.rows.slice(0, 200);
    const input = Float32Array.from(rows.flatMap((row) => row.map((value) => value ?? Number.NaN)));
    const { probabilities } = await session.run({
      features: new Tensor('float32', input, [rows.length, 6]),
    });
    for (const [i, row] of rows.entries()) {
      const served = (probabilities?.data as Float32Array | undefined)?.[2 * i + 1];
      expect(served).toBeCloseTo(steps.score(row, coefficients), 5);
    }
  });
});

test('commits are made by nobody, and a revert brings the view back to the letter', async () => {
  await withProject(async (dir) => {
    const view = join(dir, 'features', 'origin-delay.sql');
    const honest = await readFile(view, 'utf8');
    const first = await initRepository(dir, { subject: 'first', atMs: 981_000_000_000 });
    const edit = await parameterEdit(dir, 'holiday_table_days', 94);
    await commitEdits(dir, [edit], { subject: 'smaller', atMs: 986_000_000_000 });
    expect(await readFile(join(dir, 'rondo.yaml'), 'utf8')).toContain('holiday_table_days: 94');
    const leaking = await commitEdits(dir, LEAKING_FEATURE, { subject: 'leak', atMs: 0 });
    expect(await readFile(view, 'utf8')).not.toBe(honest);
    const back = await revertCommit(dir, leaking, 987_000_000_000);
    expect(await readFile(view, 'utf8')).toBe(honest);
    expect(new Set([first, leaking, back]).size).toBe(3);
    await withProject(async (again) => {
      expect(await initRepository(again, { subject: 'first', atMs: 981_000_000_000 })).toBe(first);
    });
  });
});
