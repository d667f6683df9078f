import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluateGates } from '../../src/delivery/actions/evaluate-gates.ts';
import { registerVersion } from '../../src/registry/actions/register-version.ts';
import type { ModelVersion } from '../../src/registry/model-version.ts';
import { findPython } from '../../src/serving/actions/find-python.ts';
import { putTree } from '../../src/storage/blobs/tree.ts';
import { missing } from '../engines/engine.ts';
import { mlflowEngine, pythonEnvironment } from '../engines/python.ts';
import { lateProject, succeedRun } from '../harness/produce-model.ts';
import { lightPythonModel } from '../harness/python-models.ts';
import { testContext, type TestContext } from '../harness/test-context.ts';

const reason = missing(mlflowEngine);
const kept = { ...process.env };

/** A candidate whose folder is a light Python model, with requirements where they are given. */
async function candidate(ctx: TestContext, requirements?: string): Promise<ModelVersion> {
  const { path } = lightPythonModel(ctx.paths.temp, { name: 'late', version: '1' });
  if (requirements !== undefined) await writeFile(join(path, 'requirements.txt'), requirements);
  await writeFile(
    join(path, 'input_example.json'),
    JSON.stringify({ columns: ['x', 'n'], data: [[0.5, 1]] }),
  );
  const { digest } = await putTree(ctx.blobs, path);
  const rows = join(ctx.paths.temp, 'rows.parquet');
  await ctx.analytics.run(
    `copy (select (i % 40 - 20) / 10.0 as x, i % 7 as n, (hash(i) % 1000 / 1000.0 < 1 / (1 + exp(-x)))::int as late from range(800) t(i)) to '${rows}' (format parquet)`,
  );
  const { digest: test } = await ctx.blobs.putFile(rows);
  const produced = await succeedRun(ctx, { runId: 'run_1', modelTree: digest, test });
  return registerVersion(ctx, { runId: 'run_1', produced });
}

describe('the interpreter of a Python model', () => {
  beforeEach(() => {
    delete process.env.RONDO_PYTHON;
    delete process.env.PYTHONPATH;
  });
  afterEach(() => {
    process.env = { ...kept };
  });

  it('that is named and not there refuses the candidate at the service gate, by name', async () => {
    await using ctx = await testContext({ definition: lateProject({}) });
    const version = await candidate(ctx);
    process.env.RONDO_PYTHON = '/nowhere/python3';
    const [service, ...more] = await evaluateGates(ctx, version);
    expect(more).toEqual([]);
    expect(service).toMatchObject({
      kind: 'service',
      verdict: { outcome: 'refused', evidence: { code: 'MODEL_PYTHON_MISSING' } },
    });
    expect(service?.verdict.reason).toBe(
      'Refused: it does not load in a gateway: No Python can run version 1 of late, a python_function model: RONDO_PYTHON is "/nowhere/python3", which is not there.',
    );
  });

  it('is refused with all that was tried when none can import mlflow', async () => {
    await using ctx = await testContext();
    const version = await candidate(ctx, 'no-such-package-of-rondo==1.0 ; python_version < "3"\n');
    // An empty environment is made and has no mlflow; then the machine's own Python is asked.
    process.env.PYTHONPATH = ctx.paths.temp;
    await writeFile(join(ctx.paths.temp, 'mlflow.py'), 'raise ImportError("not here")\n');
    await expect(findPython(ctx, version)).rejects.toMatchObject({
      code: 'MODEL_PYTHON_MISSING',
      message: expect.stringMatching(
        /the virtual environment of its requirements.txt cannot import mlflow .*; python3 cannot import mlflow/,
      ),
    });
  });

  it.skipIf(reason)(
    `is made of the model's requirements, once, and passes the gates ${reason ?? ''}`,
    async () => {
      await using ctx = await testContext({ definition: lateProject({}) });
      // What the engine has already is not fetched again.
      const version = await candidate(ctx, 'mlflow\n');
      process.env.PYTHONPATH = pythonEnvironment(mlflowEngine).PYTHONPATH;
      const python = await findPython(ctx, version);
      expect(python.startsWith(ctx.paths.environments)).toBe(true);
      expect(await findPython(ctx, version)).toBe(python);
      expect(
        readdirSync(ctx.paths.environments).filter((name) => name.startsWith('venv-')),
      ).toHaveLength(1);
      const gates = await evaluateGates(ctx, version);
      expect(gates.map(({ kind, verdict }) => `${kind} ${verdict.outcome}`).toSorted()).toEqual([
        'beats passed',
        'service passed',
      ]);
    },
  );
});
