import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { RoutedModel } from '../../src/contract/route-table.ts';
import { mlflowEngine, pythonEnvironment } from '../engines/python.ts';

type Name = 'regressor' | 'classifier' | 'probabilities' | 'pipeline';
type Row = Record<string, number | string | boolean>;

const script = join(import.meta.dirname, 'python-models.py');

/** The models of python-models.py; trained once per content of the script, since that takes seconds. */
function trained(): string {
  const digest = createHash('sha256')
    .update(readFileSync(script))
    .update(mlflowEngine.name)
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), `rondo-python-models-${digest}`);
  if (existsSync(folder)) return folder;
  const partial = mkdtempSync(`${folder}-`);
  execFileSync('python3', [script, partial], {
    env: pythonEnvironment(mlflowEngine),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    renameSync(partial, folder);
  } catch {
    rmSync(partial, { recursive: true });
  }
  return folder;
}

/** The folder of a model as `mlflow.sklearn.save_model` writes it, in `dir`. */
export function pythonModelFolder(dir: string, model: Name, as: string = model): string {
  const path = join(dir, as);
  mkdirSync(dir, { recursive: true });
  cpSync(join(trained(), model), path, { recursive: true });
  return path;
}

/** Rows, and what `mlflow.pyfunc.load_model(folder).predict(rows)` gave for them. */
export function pythonModelRows(model: Name): { rows: Row[]; expected: (number | number[])[] } {
  return JSON.parse(readFileSync(join(trained(), `${model}.json`), 'utf8')) as {
    rows: Row[];
    expected: (number | number[])[];
  };
}

/** A Python model's entry of a route table, with a folder of its own in `dir`. */
export function pythonModel(
  dir: string,
  model: Name,
  routed: { name: string; version: string } & Partial<RoutedModel>,
): RoutedModel {
  const path = pythonModelFolder(dir, model, `${routed.name}-${routed.version}`);
  const { signature } = parse(readFileSync(join(path, 'MLmodel'), 'utf8')) as {
    signature: { inputs: string };
  };
  return {
    path,
    format: 'python-function',
    python: 'python3',
    digest: `sha256:${model}${routed.version}`,
    signature: JSON.parse(signature.inputs) as RoutedModel['signature'],
    features: [],
    positiveClass: model === 'probabilities' || model === 'pipeline' ? 1 : null,
    ...routed,
  };
}

/** What lets a gateway of this process, or one it starts, find the packages of the models. */
export function usePythonEngine(): void {
  process.env.PYTHONPATH = pythonEnvironment(mlflowEngine).PYTHONPATH;
}
