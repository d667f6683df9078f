import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { folderOf, run, type Engine } from './engine.ts';

/** Python packages beside each other without a virtual environment's absolute paths: the folder is found by PYTHONPATH. */
function packages(name: string, requirements: readonly string[]): Engine {
  return {
    name,
    async install(folder) {
      await run(
        'python3',
        ['-m', 'pip', 'install', '--quiet', '--target', folder, ...requirements],
        { maxBuffer: 64 << 20 },
      );
    },
  };
}

/** The stock client and server of today, with what the Python example needs. */
export const mlflowEngine = packages('python-mlflow-3.17.2', [
  'mlflow==3.17.2',
  'scikit-learn==1.7.2',
  'skl2onnx==1.19.1',
  'onnxruntime==1.22.1',
  'pyarrow',
]);
/** An older client. */
export const oldMlflowEngine = packages('python-mlflow-3.11', ['mlflow-skinny==3.11.*']);

/** Environment in which `python3` finds an engine's packages. */
export function pythonEnvironment(engine: Engine): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: folderOf(engine),
    PATH: pathWith(join(folderOf(engine), 'bin')),
  };
}

function pathWith(folder: string): string {
  return `${folder}:${process.env.PATH ?? ''}`;
}

/** Why steps in virtual environments cannot run; undefined when they can. Under CI a missing Python is an error. */
export function missingVenv(): string | undefined {
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0) return undefined;
  const reason = 'there is no python3 with venv here';
  if (process.env.CI) throw new Error(reason);
  return reason;
}
