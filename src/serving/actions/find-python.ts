import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { venvEnvironment } from '../../executors/environments/venv.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { readTree } from '../../storage/blobs/tree.ts';

type Asking = Pick<Context, 'blobs' | 'paths'> & Partial<Pick<Context, 'logger'>>;
type Version = Pick<ModelVersion, 'model' | 'version' | 'digest'>;

const REQUIREMENTS = 'requirements.txt';
/** A failure is kept so long: what asks again and again must not start an interpreter each time. */
const FAILED_FOR_MS = 30_000;
const BUILD_WITHIN_MS = 30 * 60_000;
const run = promisify(execFile);

/** Found interpreters by data directory and digest of the model. */
const found = new Map<string, Promise<string>>();

/**
 * The Python that runs a `python-function` model: `RONDO_PYTHON` where it is set; else a virtual environment made of the
 * model's own `requirements.txt`, once per content; else `python3` when it can import mlflow.
 * Throws `MODEL_PYTHON_MISSING` that says what was tried.
 */
export function findPython(
  ctx: Asking,
  version: Version,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const named = env['RONDO_PYTHON'];
  const key = `${ctx.paths.root} ${version.digest} ${named ?? ''}`;
  let search = found.get(key);
  if (!search) {
    search =
      named === undefined || named === '' ? searchFor(ctx, version) : requireNamed(named, version);
    found.set(key, search);
    search.catch(() => setTimeout(() => found.delete(key), FAILED_FOR_MS).unref());
  }
  return search;
}

/** False while the environment of a model is still being made, which can take minutes; it is begun if nobody has. */
export async function isPythonSettled(ctx: Asking, version: Version): Promise<boolean> {
  const settled = findPython(ctx, version).then(
    () => true,
    () => true,
  );
  return Promise.race([settled, new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

async function requireNamed(python: string, version: Version): Promise<string> {
  const lacks = await whyUnfit(python);
  if (lacks === null) return python;
  throw missing(version, [`RONDO_PYTHON is "${python}", which ${lacks}`]);
}

async function searchFor(ctx: Asking, version: Version): Promise<string> {
  const tried: string[] = [];
  const made = await makeEnvironment(ctx, version).catch((error: unknown) => {
    tried.push(error instanceof Error ? error.message : String(error));
    return null;
  });
  if (made !== null) {
    const lacks = await whyUnfit(made);
    if (lacks === null) return made;
    tried.push(`the virtual environment of its requirements.txt ${lacks}`);
  }
  const lacks = await whyUnfit('python3');
  if (lacks === null) return 'python3';
  tried.push(`python3 ${lacks}`);
  throw missing(version, tried);
}

/** Null when the model has no requirements. Throws `ENVIRONMENT_FAILED` when they cannot be installed. */
async function makeEnvironment(ctx: Asking, version: Version): Promise<string | null> {
  const tree = await readTree(ctx.blobs, version.digest);
  const file = tree.find((entry) => entry.path === REQUIREMENTS);
  if (!file) return null;
  const prepared = await venvEnvironment.prepare({
    config: { requirements: REQUIREMENTS },
    readProjectFile: () => ctx.blobs.read(file.digest),
    folder: ctx.paths.environments,
    signal: AbortSignal.timeout(BUILD_WITHIN_MS),
    log: (line) => ctx.logger?.debug({ model: version.model, version: version.version, line }),
  });
  return join(prepared.path[0] ?? '', 'python');
}

/** What an interpreter lacks to run a model of MLflow; null when nothing. */
async function whyUnfit(python: string): Promise<string | null> {
  try {
    const script =
      'import sys; assert sys.version_info >= (3, 9), "is older than 3.9"; import mlflow.pyfunc';
    await run(python, ['-c', script], { timeout: 60_000 });
    return null;
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') return 'is not there';
    const last = stderr.trim().split('\n').at(-1);
    return `cannot import mlflow (${last === undefined || last === '' ? 'it failed' : last.slice(0, 200)})`;
  }
}

function missing({ model, version }: Version, tried: readonly string[]): AppError {
  return new AppError(
    'MODEL_PYTHON_MISSING',
    `No Python can run version ${version} of ${model}, a python_function model: ${tried.join('; ')}.`,
  );
}
