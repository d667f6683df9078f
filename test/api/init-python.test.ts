import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { environmentsFolder } from '../engines/engine.ts';
import { missingVenv } from '../engines/python.ts';
import { mainFile, startRondo } from '../harness/start-rondo.ts';

const reason = missingVenv();
const examples = join(import.meta.dirname, '../../examples');

test.skipIf(reason)(
  `rondo init --python makes a project that trains and serves as it stands${reason ? ` (${reason})` : ''}`,
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'rondo-init-python-'));
    try {
      const rondo = (...args: string[]): string =>
        execFileSync(process.execPath, [mainFile, ...args], {
          cwd: dir,
          encoding: 'utf8',
          stdio: 'pipe',
        });
      expect(rondo('init', '--python')).toContain('the first run installs requirements.txt');
      expect(existsSync(join(dir, 'steps'))).toBe(false);
      expect(() => rondo('init', '--python')).toThrow(/holds .*train\.py.* already/);
      await using running = await startRondo({
        dir,
        env: { RONDO_ENVIRONMENTS: environmentsFolder },
      });
      rondo('run', 'train', '--url', running.url);
      await vi.waitFor(
        () => expect(rondo('models', 'penguin-sex', '--url', running.url)).toContain('champion'),
        { timeout: 30_000, interval: 500 },
      );
      const fields = 'bill_length_mm=39 bill_depth_mm=18 flipper_length_mm=181 body_mass_g=3750';
      const ask = `predict penguin-sex ${fields} --json --url ${running.url}`;
      const answer = rondo(...ask.split(' '));
      const { predictions } = JSON.parse(answer) as { predictions: { score: number }[] };
      expect(predictions[0]?.score).toBeCloseTo(0.35, 2);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);

test('both Python projects install the same packages, so that a machine makes one environment', () => {
  const requirements = (name: string): string =>
    readFileSync(join(examples, name, 'requirements.txt'), 'utf8');
  expect(requirements('starter-python')).toBe(requirements('python-sklearn'));
});
