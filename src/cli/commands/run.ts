import { AppError } from '../../base/app-error.ts';
import { errorCodes, type ErrorCode } from '../../contract/error-codes.ts';
import type { RunDetail } from '../../contract/run-detail.ts';
import type { Cli, CommandModule } from '../cli.ts';

export const runCommand: CommandModule = (program, cli) => {
  program
    .command('run <pipeline>')
    .description('start a run and wait for its end')
    .option('-p, --parameter <name=value...>', 'override a parameter of the pipeline')
    .option('--key <key>', 'the same key gives the same run')
    .option(
      '--working-tree',
      'of the files as they are now, not of the deployed commit; its model may not be promoted',
    )
    .option('--detach', 'do not wait for the end')
    .action(
      async (
        pipeline: string,
        options: {
          parameter?: string[];
          key?: string;
          workingTree?: boolean;
          detach?: boolean;
        },
      ) => {
        const { runId } = await cli.api().post<{ runId: string }>('/api/runs', {
          pipeline,
          parameters: parseParameters(options.parameter ?? []),
          cause: { kind: 'manual', text: 'rondo run' },
          ...(options.key === undefined ? {} : { key: options.key }),
          ...(options.workingTree === true ? { workingTree: true } : {}),
        });
        if (options.detach === true) {
          cli.result({ runId }, (value) => value.runId);
          return;
        }
        const run = await waitForEnd(cli, runId);
        cli.result(run, describe);
        if (run.state === 'succeeded') {
          cli.say('What it made is judged by its gates now: rondo models');
          return;
        }
        const known =
          run.code !== null && run.code in errorCodes ? (run.code as ErrorCode) : 'RUN_FAILED';
        throw new AppError(
          known,
          `The run ${runId} ${run.state === 'cancelled' ? 'was cancelled' : 'failed'}: ${run.reason ?? 'no reason known'}`,
          run.failedStep === null ? {} : { help: `rondo logs ${runId} ${run.failedStep}` },
        );
      },
    );
};

function parseParameters(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new AppError('USAGE', `"${text}" is not NAME=VALUE.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

async function waitForEnd(cli: Cli, runId: string): Promise<RunDetail> {
  cli.say(runId);
  let bar: ReturnType<Cli['progress']> | undefined;
  let done = 0;
  for (let pauseMs = 50; ; pauseMs = Math.min(1000, pauseMs * 1.3)) {
    const run = await cli.api().get<RunDetail>(`/api/runs/${encodeURIComponent(runId)}`);
    bar ??= cli.progress(run.pipeline, run.stepsTotal);
    const running = run.steps.filter((step) => step.state === 'running').map((step) => step.step);
    bar.advance(run.stepsDone - done, running.join(', '));
    done = run.stepsDone;
    if (run.state !== 'queued' && run.state !== 'running') {
      bar.stop(`${run.pipeline} ${run.state}`);
      return run;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function describe(run: RunDetail): string {
  const steps = run.steps.map((step) => {
    const seconds = step.durationMs === null ? '' : `${(step.durationMs / 1000).toFixed(1)} s`;
    const tries = step.attempts.length > 1 ? `, attempt ${step.attempts.length}` : '';
    return `  ${step.state.padEnd(10)} ${step.step.padEnd(20)} ${seconds}${tries}${step.reason === null || step.state !== 'failed' ? '' : `  ${step.reason}`}`;
  });
  const metrics = Object.entries(run.metrics).map(
    ([name, value]) => `  ${name} = ${Number(value.toPrecision(6))}`,
  );
  return [`${run.runId}  ${run.pipeline}  ${run.state}`, ...steps, ...metrics].join('\n');
}
