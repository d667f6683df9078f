import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoutedModel } from '../../src/contract/route-table.ts';
import { mlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { parseMlModelFile } from '../../src/registry/ml-model-file.ts';
import { logisticGraph, writeModel } from './tiny-onnx.ts';

type Name = 'regressor' | 'classifier' | 'probabilities' | 'pipeline' | 'frame' | 'tensor';
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
  const { signature, run } = parseMlModelFile(readFileSync(join(path, 'MLmodel'), 'utf8'));
  const probabilities = run.format === 'python-function' && run.predictFunction !== 'predict';
  return {
    path,
    format: 'python-function',
    python: 'python3',
    digest: `sha256:${model}${routed.version}`,
    signature: signature ?? [],
    features: [],
    positiveClass: probabilities ? 1 : null,
    ...routed,
  };
}

/**
 * A model that needs no library but mlflow's own, so that its process starts quickly: sigmoid(x), and an error where n is
 * negative.
 */
export function lightPythonModel(
  dir: string,
  routed: { name: string; version: string } & Partial<RoutedModel>,
): RoutedModel {
  const path = join(dir, `${routed.name}-${routed.version}`);
  mkdirSync(join(path, 'code'), { recursive: true });
  writeFileSync(join(path, 'MLmodel'), LIGHT_MLMODEL);
  writeFileSync(join(path, 'code', 'light_model.py'), LIGHT_CODE);
  return {
    path,
    format: 'python-function',
    python: 'python3',
    digest: `sha256:light${routed.version}`,
    signature: [
      { name: 'x', type: 'double', required: true },
      { name: 'n', type: 'long', required: true },
    ],
    features: [],
    positiveClass: null,
    ...routed,
  };
}

const LIGHT_MLMODEL = `flavors:
  python_function:
    loader_module: light_model
    code: code
    python_version: 3.11.0
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}, {"type": "long", "name": "n", "required": true}]'
`;
const LIGHT_CODE = `import numpy

class Model:
    def predict(self, rows):
        if (rows["n"] < 0).any():
            raise ValueError("n is negative")
        return 1 / (1 + numpy.exp(-rows["x"].to_numpy()))

def _load_pyfunc(path):
    return Model()
`;

/** What lets a gateway of this process, or one it starts, find the packages of the models. */
export function usePythonEngine(): void {
  process.env.PYTHONPATH = pythonEnvironment(mlflowEngine).PYTHONPATH;
}

/** Version 1 and 2 of `late`: one is an ONNX graph, the other a Python model of the same columns. */
export function onnxAndPython(dir: string, pythonVersion: '1' | '2'): RoutedModel[] {
  const signature: RoutedModel['signature'] = [
    { name: 'x', type: 'double', required: true },
    { name: 'n', type: 'long', required: true },
  ];
  const onnx = writeModel(dir, {
    name: 'late',
    version: pythonVersion === '1' ? '2' : '1',
    graph: logisticGraph([1, 0], 0),
    columns: [],
    signature,
  });
  return [onnx, lightPythonModel(dir, { name: 'late', version: pythonVersion })];
}

/** Ids of the Python processes of a gateway, found by the folder of their sockets. */
export function pythonsOf(dir: string): number[] {
  try {
    return execFileSync('pgrep', ['-f', `rondo_scorer.py ${dir}`])
      .toString()
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

/** Waits until something holds. */
export const until = async (holds: () => boolean | Promise<boolean>, ms = 40_000) => {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
