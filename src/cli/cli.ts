import type { Command } from 'commander';
import { createApiClient, type ApiClient } from './api-client.ts';

/**
 * A command file exports one of these: it adds its command to the program. Commands speak HTTP to the server through
 * `cli.api()`, write results with `cli.result`, and let errors rise: `main.ts` prints them with what to try next and
 * sets the exit code of the error table.
 */
export type CommandModule = (program: Command, cli: Cli) => void;

export type Cli = {
  /** Client of the server named by --url or RONDO_URL (http://127.0.0.1:7300 unless told). */
  api(): ApiClient;
  /** With --json prints `value` as one JSON document; otherwise prints what `text` makes of it. */
  result<T>(value: T, text: (value: T) => string): void;
  json(): boolean;
  /** A line for people on stderr; silent with --json. */
  say(line: string): void;
  /** A progress bar on a terminal, one line now and then elsewhere, nothing with --json. */
  progress(title: string, total: number): ProgressBar;
};

export type ProgressBar = {
  advance(by: number, message?: string): void;
  stop(message: string): void;
};

/** `drawn`: how a bar is drawn on a terminal; without it progress is a line now and then. */
export function createCli(
  program: Command,
  drawn?: (title: string, total: number) => ProgressBar,
): Cli {
  const options = (): { json?: boolean; url?: string } => program.opts();
  const json = (): boolean => options().json === true;
  return {
    api: () =>
      createApiClient({
        url: options().url ?? process.env.RONDO_URL ?? 'http://127.0.0.1:7300',
        token: process.env.RONDO_TOKEN,
      }),
    json,
    result(value, text) {
      process.stdout.write(json() ? `${JSON.stringify(value, null, 2)}\n` : `${text(value)}\n`);
    },
    say(line) {
      if (!json()) process.stderr.write(`${line}\n`);
    },
    progress(title, total) {
      if (json()) return { advance: () => undefined, stop: () => undefined };
      return (drawn ?? lineProgress)(title, total);
    },
  };
}

/** Where nobody watches a bar: a line at each tenth. */
function lineProgress(title: string, total: number): ProgressBar {
  let done = 0;
  let tenth = 0;
  return {
    advance(by, message) {
      done += by;
      const now = Math.floor((done / Math.max(1, total)) * 10);
      if (now <= tenth) return;
      tenth = now;
      process.stderr.write(`${title} ${now * 10} %${message === undefined ? '' : ` ${message}`}\n`);
    },
    stop(message) {
      process.stderr.write(`${message}\n`);
    },
  };
}

/** Columns aligned by spaces; numbers to the right. Rows of texts; the first row is the header. */
export function textTable(
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string {
  const cells = rows.map((row) =>
    row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))),
  );
  const widths: number[] = [];
  for (const row of cells) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const numeric = widths.map((_, index) =>
    rows.slice(1).every((row) => typeof row[index] === 'number'),
  );
  return cells
    .map((row) =>
      row
        .map((cell, index) =>
          numeric[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
