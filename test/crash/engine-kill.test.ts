import { expect, test } from 'vitest';
import { onBothEngines } from '../harness/on-both-engines.ts';
import { killAtRandom } from './kill-at-random.ts';

const TIMES = Number(process.env.RONDO_KILLS ?? 10);

onBothEngines(() => {
  test(
    `a server killed at ${TIMES} random moments of a ten-step run: each step is committed once, no orphan is left`,
    { timeout: TIMES * 30_000 },
    async () => {
      const seed = Number(process.env.RONDO_SEED ?? Math.floor(Math.random() * 2 ** 31));
      const reports = await killAtRandom(TIMES, seed, 1100);
      const message = `RONDO_SEED=${seed}`;
      expect(reports, message).toHaveLength(TIMES);
      for (const report of reports) {
        expect(report, message).toMatchObject({ finished: true, faults: [], orphans: [] });
      }
      // The kills must have hit something: attempts that ran at that moment were taken back.
      const losses = reports.reduce((sum, report) => sum + report.losses, 0);
      expect(losses, message).toBeGreaterThanOrEqual(TIMES >= 10 ? 1 : 0);
    },
  );
});
