import type { Logger } from 'pino';
import { messageOf } from '../../base/message-of.ts';
import type { Scorer, ScorerDescription } from './scorer-process.ts';

export type KeptScorer = {
  /** The running process; null while there is none. */
  readonly current: Scorer | null;
  /** What the model said of itself when it last started. */
  readonly description: ScorerDescription | null;
  readonly whyDown: string;
  /** Starts after the first. */
  readonly restarts: number;
  /** Settles with the first start. */
  firstStart: Promise<void>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
};

/** A process that lived this long did not die of its own start. */
const SOUND_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps a scorer running: the first restart is at once, so that a killed process is back before anyone notices; those
 * that follow wait longer and longer, so that a model that cannot live does not eat the machine.
 */
export function keepScorer(options: {
  start: (signal: AbortSignal) => Promise<Scorer>;
  logger: Logger;
}): KeptScorer {
  const { start, logger } = options;
  let current: Scorer | null = null;
  let description: ScorerDescription | null = null;
  let whyDown = 'its Python process is starting';
  let starts = 0;
  let failures = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const aborting = new AbortController();

  async function begin(): Promise<void> {
    starts += 1;
    const scorer = await start(aborting.signal);
    if (stopped) {
      await scorer.stop();
      return;
    }
    const startedMs = performance.now();
    current = scorer;
    description = scorer.description;
    logger.info({ pid: scorer.pid, python: scorer.description.python }, 'python process ready');
    void scorer.exited.then((reason) => {
      current = null;
      whyDown = `its Python process ended (${reason}) and is being started again`;
      if (performance.now() - startedMs > SOUND_MS) failures = 0;
      if (stopped) return;
      logger.error({ reason }, 'python process ended');
      again();
    });
  }

  function again(): void {
    failures += 1;
    const pauseMs = failures <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, 250 * 2 ** (failures - 2));
    timer = setTimeout(() => {
      starting = begin().catch((error: unknown) => {
        whyDown = `its Python process does not start: ${messageOf(error)}`;
        logger.error({ err: error }, 'python process does not start');
        if (!stopped) again();
      });
    }, pauseMs);
  }

  const firstStart = begin();
  let starting = firstStart.catch((error: unknown) => {
    whyDown = `its Python process does not start: ${messageOf(error)}`;
    logger.error({ err: error }, 'python process does not start');
    if (!stopped) again();
  });

  return {
    get current() {
      return current;
    },
    get description() {
      return description;
    },
    get whyDown() {
      return whyDown;
    },
    get restarts() {
      return Math.max(0, starts - 1);
    },
    firstStart,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      aborting.abort();
      await current?.stop();
      await starting;
    },
  };
}
