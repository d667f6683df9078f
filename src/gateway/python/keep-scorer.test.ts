import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepScorer } from './keep-scorer.ts';
import type { Scorer } from './scorer-process.ts';

const logger = pino({ level: 'silent' });
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

function scorer(): Scorer & { die: (reason: string) => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return {
    pid: 1,
    description: { outputs: [], plain: true, python: '3.11' },
    predict: () => Promise.resolve([]),
    exited: promise,
    stop: () => {
      resolve('stopped');
      return Promise.resolve();
    },
    die: resolve,
  };
}

it('starts again at once, then after longer and longer pauses; a long life is forgiven', async () => {
  const startedAt: number[] = [];
  let last = scorer();
  const kept = keepScorer({
    logger,
    start: () => {
      startedAt.push(performance.now());
      last = scorer();
      return Promise.resolve(last);
    },
  });
  await kept.firstStart;
  const die = async () => {
    const before = performance.now();
    const starts = startedAt.length;
    last.die('SIGKILL');
    await vi.advanceTimersByTimeAsync(0);
    while (startedAt.length === starts) await vi.advanceTimersByTimeAsync(50);
    await vi.advanceTimersByTimeAsync(0);
    return Math.round((startedAt.at(-1) ?? 0) - before);
  };
  const pauses: number[] = [];
  for (let i = 0; i < 10; i += 1) pauses.push(await die());
  expect(pauses).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(kept.restarts).toBe(10);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(await die()).toBe(0);
  await kept.stop();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(kept.restarts).toBe(11);
});

it('says why it is down, and gives up a start when it is stopped', async () => {
  let calls = 0;
  const kept = keepScorer({
    logger,
    start: (signal) => {
      calls += 1;
      if (calls === 1) return Promise.reject(new Error('no mlflow'));
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    },
  });
  await expect(kept.firstStart).rejects.toThrow('no mlflow');
  expect(kept.current).toBeNull();
  expect(kept.whyDown).toBe('its Python process does not start: no mlflow');
  await vi.advanceTimersByTimeAsync(1);
  expect(calls).toBe(2);
  await kept.stop();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(calls).toBe(2);
});
