import type { ErrorTable } from './error-entry.ts';

export const registryErrors = {
  MODEL_INVALID: {
    status: 400,
    exit: 2,
    help: 'The model folder needs a file MLmodel with the flavour onnx and the ONNX file it names, or with the flavour python_function.',
  },
  MODEL_SIGNATURE_MISSING: {
    status: 400,
    exit: 2,
    help: 'Write the signature into MLmodel: inputs as JSON text [{"name": "x", "type": "double"}, ...].',
  },
  MODEL_PYTHON_MISSING: {
    status: 409,
    exit: 5,
    help: 'Set RONDO_PYTHON to a Python 3.9 or newer that can import mlflow and what the model needs, and keep requirements.txt in the model folder.',
  },
  MODEL_FEATURE_UNKNOWN: {
    status: 400,
    exit: 2,
    help: 'metadata.features of MLmodel may only name feature views that the extract step of the run joined.',
  },
  MODEL_UNKNOWN: {
    status: 404,
    exit: 3,
    help: 'See "rondo models" for the models and their versions.',
  },
} as const satisfies ErrorTable;
