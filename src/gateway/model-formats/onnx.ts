import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OutputTensor, TensorSpec } from '../loaded-model.ts';
import { datatypeOf, datatypes, type TensorData } from '../tensor-types.ts';
import type { ModelFormat } from './model-format.ts';

/** ONNX graphs, run inline by ONNX Runtime: a small model costs less than a hand-over to another thread. */
export const onnxFormat: ModelFormat = {
  kind: 'onnx',
  platform: 'onnx_onnxv1',
  async open(routed) {
    const file = join(routed.path, 'model.onnx');
    if (!existsSync(file)) throw new Error(`there is no file ${file}`);
    // By path, not from bytes: weights may lie in files beside it. Default pools are per session and as wide as the
    // machine; a small model wants none.
    const session = await InferenceSession.create(file, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
    });
    try {
      return runtimeOf(session);
    } catch (error) {
      await session.release();
      throw error;
    }
  },
};

function runtimeOf(session: InferenceSession) {
  const inputs = session.inputMetadata.map((metadata) => specOf(metadata, 'input'));
  const outputs = session.outputMetadata
    .filter((metadata) => metadata.isTensor)
    .map((metadata) => specOf(metadata, 'output'));
  const fetches = outputs.map((output) => output.name);
  if (fetches.length === 0)
    throw new Error('the graph has no tensor output (convert it without ZipMap)');
  return {
    inputs,
    columnar: false,
    outputs,
    answersPlainly: false,
    ownProcess: false,
    missingText: '' as const,
    ready: true,
    restarts: 0,
    async run(given: readonly OutputTensor[]): Promise<OutputTensor[]> {
      const feeds: Record<string, Tensor> = {};
      for (const tensor of given) feeds[tensor.name] = tensorOf(tensor);
      const results = await session.run(feeds, fetches);
      const tensors: OutputTensor[] = [];
      for (const { name, datatype } of outputs) {
        const tensor = results[name];
        if (tensor)
          tensors.push({
            name,
            datatype,
            shape: [...tensor.dims],
            data: tensor.data as TensorData,
          });
      }
      return tensors;
    },
    release: () => session.release(),
  };
}

function tensorOf({ datatype, data, shape }: OutputTensor): Tensor {
  // The overloads of Tensor tie type and data together; ours are tied by the table of datatypes.
  return new Tensor(datatypes[datatype].runtime as 'float32', data as Float32Array, shape);
}

function specOf(metadata: InferenceSession.ValueMetadata, side: string): TensorSpec {
  if (!metadata.isTensor) throw new Error(`${side} "${metadata.name}" is not a tensor`);
  const datatype = datatypeOf(metadata.type);
  if (!datatype)
    throw new Error(
      `${side} "${metadata.name}" has type ${metadata.type}, which JSON cannot carry`,
    );
  return {
    name: metadata.name,
    datatype,
    shape: metadata.shape.map((size) => (typeof size === 'number' ? size : -1)),
  };
}
