import { progress } from '@clack/prompts';
import type { ProgressBar } from './cli.ts';

/** A bar on standard error. */
export function terminalProgress(title: string, total: number): ProgressBar {
  const bar = progress({ max: total, style: 'heavy', output: process.stderr });
  bar.start(title);
  return {
    advance: (by, message) => {
      bar.advance(by, message);
    },
    stop: (message) => {
      bar.stop(message);
    },
  };
}
