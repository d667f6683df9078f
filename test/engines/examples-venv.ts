import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { venvEnvironment } from '../../src/executors/environments/venv.ts';
import { environmentsFolder } from './engine.ts';

export const examplesRequirements = join(
  import.meta.dirname,
  '../../examples/python-sklearn/requirements.txt',
);

/** The folder of `python` in the virtual environment that the Python examples share; made where it is missing. */
export async function examplesVenv(): Promise<string> {
  const { path } = await venvEnvironment.prepare({
    config: { kind: 'venv', requirements: 'requirements.txt' },
    folder: environmentsFolder,
    readProjectFile: () => readFile(examplesRequirements),
    signal: AbortSignal.timeout(560_000),
    log: () => undefined,
  });
  return path[0] ?? '';
}
