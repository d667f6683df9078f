import type { Context } from './context.ts';
import { sealEvents } from './events/seal-events.ts';
import type { ServerMetrics } from './system/server-metrics.ts';
import type { Work } from './work.ts';

export type ControlLoop = {
  /** Goes round until no part has anything due; with a replayed calendar also until no run is active. */
  settle(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
};

const ROUND_MS = 1000;
const MOST_ROUNDS = 1000;

/** Works one after another. The lanes of a stage go side by side; the next stage begins when all are through. */
export type Lane = readonly Work[];
export type Stage = readonly Lane[];

/**
 * Runs the stages of the control loop one after another, round and round until all are quiet. With a real calendar it
 * does so each second and after events; with a replayed one only when asked, and waits for active runs as well, so that
 * the same history follows from the same data whatever the machine's load.
 */
export function createControlLoop(
  ctx: Context,
  parts: {
    stages: readonly Stage[];
    runsIdle(): Promise<void>;
    runsActive(): Promise<boolean>;
    metrics: Pick<ServerMetrics, 'worked'>;
  },
): ControlLoop {
  let current: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const runLane = async (lane: Lane): Promise<boolean> => {
    let busy = false;
    for (const work of lane) {
      if (stopped) return false;
      const startedAt = performance.now();
      let outcome: 'busy' | 'idle' | 'failed' = 'idle';
      try {
        if (await work.run(ctx)) outcome = 'busy';
      } catch (error) {
        outcome = 'failed';
        ctx.logger.error(
          { err: error, work: work.name },
          'a part of the control loop failed; it is tried again',
        );
      }
      if (outcome === 'busy') busy = true;
      parts.metrics.worked(work.name, outcome, (performance.now() - startedAt) / 1000);
    }
    return busy;
  };

  const round = async (): Promise<boolean> => {
    let busy = false;
    for (const stage of parts.stages) {
      const lanes = await Promise.all(stage.map(runLane));
      busy ||= lanes.includes(true);
    }
    return busy;
  };

  const untilQuiet = async (): Promise<void> => {
    for (let rounds = 0; rounds < MOST_ROUNDS && !stopped; rounds += 1) {
      if (await round()) continue;
      if (ctx.clocks.calendar.kind === 'real' || !(await parts.runsActive())) break;
      await parts.runsIdle();
    }
    while ((await sealEvents(ctx)) === 5000);
  };

  const settle = async (): Promise<void> => {
    // One walk at a time; whoever asks during a walk gets a whole walk after it.
    while (current) {
      again = true;
      await current;
    }
    again = false;
    current = untilQuiet().finally(() => {
      current = undefined;
    });
    await current;
  };

  const tick = (): void => {
    if (stopped || current) {
      again = true;
      return;
    }
    void settle()
      .catch((error: unknown) => {
        ctx.logger.error({ err: error }, 'the control loop failed');
      })
      .then(() => {
        if (again && !stopped) {
          again = false;
          setImmediate(tick);
        }
      });
  };

  let unlisten = (): void => undefined;
  return {
    settle,
    start() {
      if (ctx.clocks.calendar.kind === 'replayed') return;
      let pending = false;
      unlisten = ctx.bus.listen(() => {
        if (pending) return;
        pending = true;
        setTimeout(() => {
          pending = false;
          tick();
        }, 20);
      });
      timer = setInterval(tick, ROUND_MS);
      tick();
    },
    async stop() {
      stopped = true;
      unlisten();
      clearInterval(timer);
      await current?.catch(() => undefined);
    },
  };
}
