import { resolve } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { AppError } from '../../base/app-error.ts';
import type { FaultKind } from '../demo/faults.ts';
import type { CommandModule } from '../cli.ts';

type DemoFlags = {
  dir: string;
  port: string;
  gatewayPort: string;
  exit?: boolean;
  faults: string;
  full?: boolean;
  jsonFile?: string;
};

export const demoCommand: CommandModule = (program, cli) => {
  program
    .command('demo')
    .description('replay 26 weeks of real flights through the whole loop')
    .option('--dir <folder>', 'where to work; deleted at the next demo', '.rondo-demo')
    .option('--port <port>', 'port of API and screens', '7300')
    .option('--gateway-port <port>', 'port of the gateway', '7301')
    .option(
      '--faults <which>',
      'all, none, or a list: corrupted-batch,failing-model,server-killed,leaking-feature',
      'all',
    )
    .option('--full', 'send every departure instead of a tenth of the flights')
    .option('--exit', 'stop afterwards; exit code 1 if a planted fault was missed')
    .option('--json <file>', 'write the summary to a file')
    .action(
      async (_flags: unknown, command: { opts(): DemoFlags & { json?: string | boolean } }) => {
        const flags = command.opts();
        // Loaded here alone: the other commands start without the demo's modules.
        const [{ runDemo }, { printSummary }, { FAULT_KINDS }] = await Promise.all([
          import('../demo/run-demo.ts'),
          import('../demo/print-summary.ts'),
          import('../demo/faults.ts'),
        ]);
        const { summary, server } = await runDemo(cli, {
          dir: resolve(flags.dir),
          port: flags.port,
          gatewayPort: flags.gatewayPort,
          faults: readFaults(flags.faults, FAULT_KINDS),
          full: flags.full === true,
        });
        if (typeof flags.json === 'string')
          await writeFile(resolve(flags.json), `${JSON.stringify(summary, null, 2)}\n`);
        process.stdout.write(`${printSummary(summary)}\n`);
        const missed = summary.faults.filter((fault) => !fault.caught);
        if (flags.exit === true) {
          await server.stop();
          process.exitCode = missed.length > 0 || summary.predictions.failed > 0 ? 1 : 0;
          return;
        }
        cli.say('Stop with Ctrl-C.');
        const stop = (): void => {
          void server.stop();
        };
        process.on('SIGINT', stop);
        process.on('SIGTERM', stop);
        await server.ended;
      },
    );
};

function readFaults(text: string, known: readonly FaultKind[]): ReadonlySet<FaultKind> {
  if (text === 'all') return new Set(known);
  if (text === 'none') return new Set();
  const kinds = text.split(',');
  const unknown = kinds.filter((kind) => !known.includes(kind as FaultKind));
  if (unknown.length > 0)
    throw new AppError(
      'USAGE',
      `Unknown fault ${unknown.join(', ')}; known: ${known.join(', ')}, all, none.`,
    );
  return new Set(kinds as FaultKind[]);
}
