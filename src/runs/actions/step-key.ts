import { createHash } from 'node:crypto';
import { AppError } from '../../base/app-error.ts';
import { canonicalJson } from '../../base/json.ts';
import { environments } from '../../executors/environments/index.ts';
import type { EnvironmentAsk, StepEnvironment } from '../../executors/environments/environment.ts';
import { keyParts, keyText, type KeyPart } from '../../pipelines/cache-key.ts';
import type { PlannedStep } from '../../pipelines/pipeline.ts';
import { readTree } from '../../storage/blobs/tree.ts';
import { builtins } from '../builtins/index.ts';
import type { Builtin, BuiltinInputSource } from '../builtins/builtin.ts';
import type { EngineContext } from '../engine.ts';
import { contextOfRun, type ActiveRun, type RunPins } from '../run.ts';
import type { StepInputDigest } from './commit-step.ts';

export type StepKey = { digest: string; parts: readonly KeyPart[] };
export type PinnedRun = ActiveRun & { pins: RunPins };

/** Everything that decides a step's result, as a digest with its parts. */
export async function stepKey(
  ctx: EngineContext,
  run: PinnedRun,
  step: PlannedStep,
): Promise<StepKey> {
  const ingredients = {
    projectTree: run.pins.projectTree,
    parameters: run.parameters,
    inputs: step.inputs.map((input, index) => ({
      name: input.name,
      digest: inputDigests(run, step)[index]?.digest ?? 'view',
    })),
    outputs: step.outputs,
    locks: run.pins.locks,
  };
  const parts =
    step.what.kind === 'command'
      ? keyParts({
          ...ingredients,
          kind: 'command',
          command: step.what.command,
          config: null,
          environment: await environmentOf(step).identity(environmentAsk(ctx, run, step)),
          variables: Object.fromEntries(
            step.env.map((name) => [name, variableDigest(process.env[name])]),
          ),
          builtin: '',
        })
      : keyParts({
          ...ingredients,
          kind: `builtin:${step.what.uses}`,
          command: '',
          config: step.what.config,
          environment: '',
          variables: {},
          builtin: await builtinKey(ctx, run, {
            step,
            uses: step.what.uses,
            config: step.what.config,
          }),
        });
  return { digest: `sha256:${createHash('sha256').update(keyText(parts)).digest('hex')}`, parts };
}

async function builtinKey(
  ctx: EngineContext,
  run: PinnedRun,
  ask: { step: PlannedStep; uses: string; config: Record<string, unknown> },
): Promise<string> {
  const builtin = builtinOf(ask.uses);
  return builtin.key(contextOfBuiltin(ctx, run, ask.uses), {
    config: parseBuiltinConfig(builtin, ask.step.name, ask.config),
    inputs: await builtinInputs(ctx, run, ask.step),
    parameters: run.parameters,
    atMs: run.startedAtMs,
  });
}

/** Content digests of a step's inputs that have one; a view's content is the built-in's to name. */
export function inputDigests(run: PinnedRun, step: PlannedStep): (StepInputDigest | null)[] {
  return step.inputs.map((input) => {
    if (input.kind === 'dataset') {
      return {
        kind: 'dataset',
        name: input.name,
        digest: run.pins.datasets[input.name]?.digest ?? '',
      };
    }
    if (input.kind === 'view') return null;
    const output = run.results[input.step]?.outputs[input.output];
    return { kind: output?.kind ?? 'file', name: input.name, digest: output?.digest ?? '' };
  });
}

/**
 * A step's inputs as a built-in gets them. A file is the stored blob itself; a folder is checked out by the caller, who
 * gives `folderOf`; without it the path is that of the list of its files.
 */
export async function builtinInputs(
  ctx: EngineContext,
  run: PinnedRun,
  step: PlannedStep,
  folderOf?: (name: string) => string,
): Promise<BuiltinInputSource[]> {
  const inputs: BuiltinInputSource[] = [];
  for (const input of step.inputs) {
    if (input.kind === 'view') inputs.push({ kind: 'view', name: input.name });
    else if (input.kind === 'dataset') {
      inputs.push({
        kind: 'dataset',
        name: input.name,
        version: run.pins.datasets[input.name]?.digest ?? '',
      });
    } else {
      const output = run.results[input.step]?.outputs[input.output];
      if (!output) throw new AppError('STEP_CANNOT_START', `The input ${input.name} is not there.`);
      const path =
        output.kind === 'tree' && folderOf
          ? folderOf(input.name)
          : await ctx.blobs.localPath(output.digest);
      inputs.push({ kind: output.kind, name: input.name, path, digest: output.digest });
    }
  }
  return inputs;
}

/** Feature views and the data they are made of are the deployed ones always: their log is kept for those. */
export function contextOfBuiltin(
  ctx: EngineContext,
  run: Pick<ActiveRun, 'workingTree'>,
  uses: string,
): EngineContext {
  return uses === 'extract' || uses === 'score' ? ctx : contextOfRun(ctx, run);
}

export function builtinOf(uses: string): Builtin {
  const builtin = builtins.find((candidate) => candidate.kind === uses);
  if (!builtin) {
    throw new AppError('STEP_CANNOT_START', `There is no built-in step "${uses}".`, {
      help: `Known: ${builtins.map((candidate) => candidate.kind).join(', ') || 'none'}.`,
    });
  }
  return builtin;
}

export function parseBuiltinConfig(
  builtin: Builtin,
  step: string,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const parsed = builtin.config.safeParse(config);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError(
    'PIPELINE_INVALID',
    `Step "${step}": "with: ${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`,
    {
      help: `Settings of "${builtin.kind}": ${Object.keys(builtin.config.shape).join(', ')}.`,
    },
  );
}

export function environmentOf(step: PlannedStep): StepEnvironment {
  const environment = environments.find((candidate) => candidate.kind === step.environment.kind);
  if (!environment)
    throw new AppError('STEP_CANNOT_START', `There is no environment "${step.environment.kind}".`);
  return environment;
}

export function environmentAsk(
  ctx: EngineContext,
  run: PinnedRun,
  step: PlannedStep,
): EnvironmentAsk {
  return {
    config: step.environment,
    folder: ctx.paths.environments,
    async readProjectFile(path) {
      const entry = (await readTree(ctx.blobs, run.pins.projectTree)).find(
        (candidate) => candidate.path === path,
      );
      if (!entry)
        throw new AppError(
          'ENVIRONMENT_FAILED',
          `The project has no file ${path}, which step "${step.name}" names.`,
        );
      return ctx.blobs.read(entry.digest);
    },
  };
}

/** Values of variables may be secrets: only their digest is kept. */
function variableDigest(value: string | undefined): string {
  return value === undefined
    ? 'unset'
    : createHash('sha256').update(canonicalJson(value)).digest('hex');
}
