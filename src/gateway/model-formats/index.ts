import type { ModelFormat } from './model-format.ts';
import { onnxFormat } from './onnx.ts';
import { pythonFunctionFormat } from './python-function.ts';

/** Every way the gateway can run a model folder. */
export const modelFormats: readonly ModelFormat[] = [onnxFormat, pythonFunctionFormat];
