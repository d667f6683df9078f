import { expect, test } from 'vitest';
import { modelFolder, succeedRun } from '../../../test/harness/produce-model.ts';
import { testContext } from '../../../test/harness/test-context.ts';
import { produced } from '../../contract/produced.ts';
import { eventsAfter } from '../../events/event-store.ts';
import { requireVersion } from '../registry-store.ts';
import { registerVersion } from './register-version.ts';

test('a run registers one version, however often and however concurrently it is told', async () => {
  await using ctx = await testContext();
  const result = await succeedRun(ctx, { runId: 'run_1', modelTree: await modelFolder(ctx, {}) });
  const versions = await Promise.all(
    [1, 2, 3].map(() => registerVersion(ctx, { runId: 'run_1', produced: result })),
  );
  expect(versions.map((version) => version.version)).toEqual(['1', '1', '1']);
  const second = await registerVersion(ctx, { runId: 'run_2', produced: result });
  expect(second).toMatchObject({ version: '2', state: 'candidate', positiveClass: 1 });
  expect(second.signature.map((column) => `${column.name} ${column.type}`)).toEqual([
    'x double',
    'noise double',
  ]);
  const events = await eventsAfter(ctx.db, {
    position: 0,
    types: ['model.version-registered'],
    limit: 10,
  });
  expect(events).toHaveLength(2);
  await expect(requireVersion(ctx.db, 'lat', '1')).rejects.toThrow('Did you mean "late"?');
  await expect(requireVersion(ctx.db, 'late', '9')).rejects.toMatchObject({
    code: 'MODEL_UNKNOWN',
  });
});

test('without a signature the ONNX file names the columns', async () => {
  await using ctx = await testContext();
  const modelTree = await modelFolder(ctx, {
    mlModel: 'flavors:\n  onnx:\n    data: model.onnx\n',
  });
  const result = await succeedRun(ctx, { runId: 'run_1', modelTree });
  const version = await registerVersion(ctx, { runId: 'run_1', produced: result });
  expect(version.signature).toEqual([
    { name: 'input0', type: 'float', required: true },
    { name: 'input1', type: 'float', required: true },
  ]);
});

test('a folder of the flavour python_function is described by its MLmodel alone', async () => {
  await using ctx = await testContext();
  const inputs = JSON.stringify([
    { name: 'x', type: 'double', required: true },
    { name: 'place', type: 'string', required: false },
  ]);
  const of = async (
    runId: string,
    flavour: string,
    more = `signature:\n  inputs: '${inputs}'\n`,
  ) => {
    const mlModel = `flavors:\n  python_function: ${flavour}\n  sklearn: {}\n${more}`;
    const modelTree = await modelFolder(ctx, { mlModel });
    return registerVersion(ctx, { runId, produced: produced.parse({ model: 'late', modelTree }) });
  };
  expect(await of('run_1', '{ predict_fn: predict }')).toMatchObject({
    format: 'python-function',
    positiveClass: null,
    signature: [
      { name: 'x', type: 'double', required: true },
      { name: 'place', type: 'string', required: false },
    ],
  });
  expect((await of('run_2', '{ predict_fn: predict_proba }')).positiveClass).toBe(1);
  expect((await requireVersion(ctx.db, 'late', '2')).format).toBe('python-function');
  await expect(of('run_3', '{}', '')).rejects.toMatchObject({ code: 'MODEL_SIGNATURE_MISSING' });
});

test('features come by name, or by reference; a view the run did not join is refused', async () => {
  await using ctx = await testContext();
  const source = {
    column: 'origin_delay_late_share',
    view: 'origin_delay',
    viewDigest: 'sha256:a',
    feature: 'late_share',
    entity: 'origin',
    ttlMs: 1000,
  };
  const of = async (runId: string, columns: string[], metadata = ''): Promise<unknown[]> => {
    const inputs = JSON.stringify(columns.map((name) => ({ name, type: 'double' })));
    const mlModel = `flavors:\n  onnx:\n    data: model.onnx\nsignature:\n  inputs: '${inputs}'\n${metadata}`;
    const modelTree = await modelFolder(ctx, { mlModel });
    const result = produced.parse({
      model: 'late',
      modelTree,
      details: { extract: { features: [source] } },
    });
    return (await registerVersion(ctx, { runId, produced: result })).features;
  };
  expect(await of('run_1', ['hour', 'origin_delay_late_share'])).toEqual([source]);
  const reference = (view: string): string =>
    `metadata:\n  features:\n    share: { view: ${view}, feature: late_share, entity: from }\n`;
  expect(await of('run_2', ['hour', 'share'], reference('origin_delay'))).toEqual([
    { ...source, column: 'share', entity: 'from' },
  ]);
  await expect(of('run_3', ['hour', 'share'], reference('weather'))).rejects.toMatchObject({
    code: 'MODEL_FEATURE_UNKNOWN',
  });
});

test.each([
  ['not yaml', ': :\n\t-', 'MODEL_INVALID'],
  ['no onnx flavour', 'flavors:\n  sklearn: {}\n', 'MODEL_INVALID'],
  ['the file is not there', 'flavors:\n  onnx:\n    data: other.onnx\n', 'MODEL_INVALID'],
  ['not an onnx file', 'flavors:\n  onnx:\n    data: MLmodel\n', 'MODEL_INVALID'],
])('a folder that cannot be served is refused: %s', async (_name, mlModel, code) => {
  await using ctx = await testContext();
  const result = produced.parse({ model: 'late', modelTree: await modelFolder(ctx, { mlModel }) });
  await expect(registerVersion(ctx, { runId: 'run_1', produced: result })).rejects.toMatchObject({
    code,
  });
});
