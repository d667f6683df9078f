import { Command, CommanderError } from 'commander';
import { AppError } from '../base/app-error.ts';
import { errorEntry } from '../contract/error-codes.ts';
import { createCli } from './cli.ts';
import { loadCommands } from './commands/index.ts';
import { packageVersion } from '../system/package-version.ts';

/** Parses the arguments, runs the command and gives the exit code. Errors go to stderr with what to try next. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const program = new Command('rondo')
    .description('Continuous delivery for machine learning, in one process')
    .version(packageVersion())
    .option('--json', 'print results as JSON')
    .option('--url <url>', 'address of the server (RONDO_URL)')
    .showSuggestionAfterError()
    // --json FILE of the demo is another option than --json of all commands.
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused by a rule, 5 environment (port, disk, data), 6 no server.',
    );
  const drawn = process.stderr.isTTY
    ? (await import('./terminal-progress.ts')).terminalProgress
    : undefined;
  const cli = createCli(program, drawn);
  const name = argv.slice(2).find((word) => !word.startsWith('-'));
  for (const command of await loadCommands(name)) command(program, cli);
  // --json may stand behind the command too.
  for (const command of program.commands) allowJson(command, program);
  try {
    await program.parseAsync([...argv]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printError(error, program.opts<{ json?: boolean }>().json === true);
  }
}

function allowJson(command: Command, program: Command): void {
  if (!command.options.some((option) => option.long === '--json')) {
    command.option('--json', 'print results as JSON');
  }
  if (!command.options.some((option) => option.long === '--url')) {
    command.option('--url <url>', 'address of the server (RONDO_URL)');
  }
  command.hook('preAction', (_this, action) => {
    const own = action.opts<{ json?: boolean; url?: string }>();
    if (own.json === true) program.setOptionValue('json', true);
    if (own.url !== undefined) program.setOptionValue('url', own.url);
  });
  for (const child of command.commands) allowJson(child, program);
}

function printError(error: unknown, json: boolean): number {
  if (!(error instanceof AppError)) {
    process.stderr.write(
      `rondo: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  }
  const entry = errorEntry(error.code);
  const help = error.help ?? entry.help;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ error: { code: error.code, message: error.message, help } }, null, 2)}\n`,
    );
  } else {
    process.stderr.write(`rondo: ${error.message}\n  try: ${help}\n`);
  }
  return entry.exit;
}
