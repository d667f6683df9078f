import type { RunDetail } from '../../contract/run-detail.ts';
import type { CommandModule } from '../cli.ts';

export const logsCommand: CommandModule = (program, cli) => {
  program
    .command('logs <run> [step]')
    .description('print the log of a step, or of all steps of a run')
    .option('-f, --follow', 'go on until the step has ended')
    .option('--attempt <n>', 'an earlier attempt than the last')
    .option('--tail <bytes>', 'only the last bytes')
    .action(
      async (
        run: string,
        step: string | undefined,
        options: { follow?: boolean; attempt?: string; tail?: string },
      ) => {
        const path = `/api/runs/${encodeURIComponent(run)}`;
        const steps =
          step === undefined
            ? (await cli.api().get<RunDetail>(path)).steps
            : [{ step, state: '', attempts: [null] }];
        for (const { step: name, state, attempts } of steps) {
          const tried = attempts.length > 0;
          // A step that was never tried here has no log: its outputs were reused, or it was not its turn.
          if (step === undefined) cli.say(tried ? `== ${name}` : `== ${name}: ${state}`);
          if (!tried) continue;
          const response = await cli.api().stream(`${path}/steps/${encodeURIComponent(name)}/log`, {
            attempt: options.attempt,
            follow: options.follow,
            from: options.tail === undefined ? undefined : -Number(options.tail),
          });
          for await (const piece of response.body ?? []) {
            // Waits for a slow terminal or pipe instead of heaping up what it has not taken.
            if (!process.stdout.write(piece))
              await new Promise((resolve) => process.stdout.once('drain', resolve));
          }
        }
      },
    );
};
