import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { AppError } from '../../base/app-error.ts';
import type { PlannedStep } from '../../pipelines/pipeline.ts';
import { checkOutTree } from '../../storage/blobs/tree.ts';
import type { RunEngine } from '../engine.ts';
import { failureOf, failureOfExit, timedOut } from '../failure-of.ts';
import type { Failure, StepResult } from '../run.ts';
import type { BegunAttempt } from './begin-attempt.ts';
import { collectMetrics, collectOutputs } from './collect-outputs.ts';
import { prepareWorkDir } from './prepare-work-dir.ts';
import {
  builtinInputs,
  builtinOf,
  contextOfBuiltin,
  environmentAsk,
  environmentOf,
  parseBuiltinConfig,
  type PinnedRun,
} from './step-key.ts';

export type AttemptOutcome =
  | { kind: 'succeeded'; result: StepResult; exitCode: number | null }
  | { kind: 'failed'; failure: Failure; retryable: boolean }
  | { kind: 'lost'; reason: string };

type Execution = { step: PlannedStep; attempt: BegunAttempt; signal: AbortSignal };

const GRACE_MS = 5000;

/** Runs one attempt in a fresh working directory and gathers what it leaves. Writes nothing to the database. */
export async function executeAttempt(
  engine: RunEngine,
  run: PinnedRun,
  what: Execution,
): Promise<AttemptOutcome> {
  const { paths } = engine.ctx;
  const workDir = join(paths.work, what.attempt.attemptId);
  try {
    const logs = join(paths.logs, dirname(what.attempt.logPath));
    if (!existsSync(logs)) mkdirSync(logs, { recursive: true });
    return what.step.what.kind === 'builtin'
      ? await executeBuiltin(engine, run, { ...what, workDir })
      : await executeCommand(engine, run, { ...what, workDir });
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error), retryable: true };
  } finally {
    // Nobody waits for it: the next step starts meanwhile.
    void rm(workDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

async function executeCommand(
  engine: RunEngine,
  run: PinnedRun,
  what: Execution & { workDir: string },
): Promise<AttemptOutcome> {
  const { ctx } = engine;
  const { step, attempt, workDir } = what;
  const logPath = join(ctx.paths.logs, attempt.logPath);
  await prepareWorkDir(ctx, run, { step, workDir });
  const environment = await withLog(logPath, (log) =>
    environmentOf(step).prepare({ ...environmentAsk(ctx, run, step), signal: what.signal, log }),
  );
  if (what.signal.aborted) return stopped(step);
  const key = attempt.token;
  const ref = await engine.executor.submit(
    {
      command: step.what.kind === 'command' ? step.what.command : '',
      workDir,
      variables: stepVariables(engine, run, { ...what, environment }),
      logPath,
      timeoutMs: step.timeoutMs,
      graceMs: GRACE_MS,
    },
    key,
  );
  engine.handOver(key);
  const stop = (): void => {
    void engine.executor.cancel(ref, GRACE_MS);
  };
  what.signal.addEventListener('abort', stop);
  const status = await engine.executor.ended(ref);
  what.signal.removeEventListener('abort', stop);
  if (status.state === 'lost') return { kind: 'lost', reason: status.reason };
  if (status.state !== 'exited')
    return { kind: 'lost', reason: `the executor says ${status.state}` };
  if (what.signal.aborted) return stopped(step);
  const failure = failureOfExit(step, status.exit);
  if (failure) return { kind: 'failed', failure, retryable: true };
  engine.hold(key, () => undefined);
  const outputs = await collectOutputs(ctx, { step: step.name, workDir, outputs: step.outputs });
  const metrics = collectMetrics(workDir, metricsPath(run, step));
  return {
    kind: 'succeeded',
    result: { outputs, metrics, details: null },
    exitCode: status.exit.exitCode,
  };
}

async function executeBuiltin(
  engine: RunEngine,
  run: PinnedRun,
  what: Execution & { workDir: string },
): Promise<AttemptOutcome> {
  const { ctx } = engine;
  const { step, workDir } = what;
  if (step.what.kind !== 'builtin') return stopped(step);
  const builtin = builtinOf(step.what.uses);
  const builtinContext = contextOfBuiltin(ctx, run, step.what.uses);
  const config = parseBuiltinConfig(builtin, step.name, step.what.config);
  const folderOf = (name: string): string => join(workDir, 'inputs', name);
  await mkdir(join(workDir, 'inputs'), { recursive: true });
  for (const input of step.inputs) {
    const output =
      input.kind === 'output' ? run.results[input.step]?.outputs[input.output] : undefined;
    if (output?.kind === 'tree') await checkOutTree(ctx.blobs, output.digest, folderOf(input.name));
  }
  const places = Object.fromEntries(
    step.outputs.map((output) => [output.name, join(workDir, 'out', output.path)]),
  );
  for (const path of [
    join(workDir, 'out'),
    ...Object.values(places).map((place) => dirname(place)),
  ]) {
    await mkdir(path, { recursive: true });
  }
  const inputs = await builtinInputs(ctx, run, step, folderOf);
  const timeout =
    step.timeoutMs === null ? null : AbortSignal.timeout(Math.min(step.timeoutMs, 2 ** 31 - 1));
  const signal = timeout === null ? what.signal : AbortSignal.any([what.signal, timeout]);
  const result = await withLog(join(ctx.paths.logs, what.attempt.logPath), (log) =>
    untilAborted(
      signal,
      builtin.run(builtinContext, {
        config,
        inputs,
        outputs: places,
        parameters: run.parameters,
        atMs: run.startedAtMs,
        signal,
        log,
      }),
    ),
  ).catch((error: unknown) => {
    if (timeout?.aborted === true) throw timedOut(step);
    throw error;
  });
  if (what.signal.aborted) return stopped(step);
  const outputs = await collectOutputs(ctx, {
    step: step.name,
    workDir: join(workDir, 'out'),
    outputs: step.outputs,
  });
  const left = collectMetrics(join(workDir, 'out'), metricsPath(run, step));
  return {
    kind: 'succeeded',
    result: { outputs, metrics: { ...left, ...result.metrics }, details: result.details ?? null },
    exitCode: null,
  };
}

/** Lets go of work that does not heed its signal. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => {
    aborted.reject(new AppError('RUN_CANCELLED', 'The step was stopped.'));
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    aborted.promise.catch(() => undefined);
    work.catch(() => undefined);
  }
}

/** Lines for a step's log from this process; the file is made only when there is one. */
async function withLog<T>(
  path: string,
  work: (log: (line: string) => void) => Promise<T>,
): Promise<T> {
  let stream: ReturnType<typeof createWriteStream> | undefined;
  const log = (line: string): void => {
    stream ??= createWriteStream(path, { flags: 'a' });
    stream.write(`${line}\n`);
  };
  try {
    return await work(log);
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    if (stream) {
      stream.end();
      await finished(stream).catch(() => undefined);
    }
  }
}

function stepVariables(
  engine: RunEngine,
  run: PinnedRun,
  what: Execution & {
    workDir: string;
    environment: { path: readonly string[]; variables: Readonly<Record<string, string>> };
  },
): Record<string, string> {
  const { step } = what;
  const variables: Record<string, string> = {};
  for (const name of step.env) {
    const value = process.env[name];
    if (value !== undefined) variables[name] = value;
  }
  Object.assign(variables, what.environment.variables, {
    // Node of this server first: `node x.ts` means the same whatever the machine has.
    PATH: [
      ...what.environment.path,
      dirname(process.execPath),
      process.env.PATH ?? '/usr/bin:/bin',
    ].join(':'),
    HOME: process.env.HOME ?? '/',
    RONDO_PIPELINE: run.pipeline,
    RONDO_RUN_ID: run.runId,
    RONDO_STEP: step.name,
    RONDO_ATTEMPT: String(what.attempt.number),
  });
  if (engine.isTracked) {
    variables.MLFLOW_RUN_ID = run.stepRunIds[step.name] ?? '';
    variables.MLFLOW_EXPERIMENT_ID = run.experimentId;
    if (engine.stepsNeedToken) variables.MLFLOW_TRACKING_TOKEN = what.attempt.token;
  }
  for (const [name, value] of Object.entries(run.parameters)) {
    variables[`RONDO_PARAM_${name.toUpperCase().replaceAll('-', '_')}`] = String(value);
  }
  if (engine.serverUrl !== null) {
    variables.RONDO_URL = engine.serverUrl;
    variables.MLFLOW_TRACKING_URI = engine.serverUrl;
  }
  return variables;
}

/** The path of the output that `produces.metrics` names, when it is this step's. */
function metricsPath(run: PinnedRun, step: PlannedStep): string | null {
  const [name, output] = run.definition.produces?.metrics?.split('.') ?? [];
  if (name !== step.name) return null;
  return step.outputs.find((candidate) => candidate.name === output)?.path ?? null;
}

/** The step was stopped from outside; whoever did has stored the end, so this outcome is refused where it arrives. */
function stopped(step: PlannedStep): AttemptOutcome {
  return { kind: 'lost', reason: `Step "${step.name}" was stopped.` };
}
