import type { ModelVersion } from '../registry/model-version.ts';

/** The README of an export: how to run the model where there is no Rondo. */
export function exportReadme(version: ModelVersion): string {
  const { model, version: number, format, features } = version;
  const positive =
    version.positiveClass === null
      ? 'The score is the first number of a row.'
      : `The score of a row is its probability of class ${version.positiveClass}.`;
  const views =
    features.length === 0
      ? ''
      : `
## Features

${features.map(({ column, view, feature, entity }) => `- \`${column}\`: \`${feature}\` of the view \`${view}\`, by \`${entity}\``).join('\n')}

\`features/VIEW.sql\` is the SQL (DuckDB) each view is made by, \`features/views.json\` its definition: the dataset it reads as a table of
that name, the entity, the event and availability times, and for how long a value holds. A missing or too old value is NaN to the model.
`;
  return `# ${model} ${number}

${format === 'onnx' ? ONNX : PYTHON}
${positive} \`signature.json\` names the columns and their types, in the order the model takes them. \`example.json\` is a request in the
terms of the Open Inference Protocol with the answer the gateway gave; \`null\` stands for NaN.
${views}
## Check

\`manifest.json\` lists every file with its SHA-256, and one digest over that list. The same version gives the same digest.
`;
}

const ONNX = `\`model/model.onnx\` runs with ONNX Runtime alone:

\`\`\`python
import json
import numpy
import onnxruntime

example = json.load(open("example.json"))
types = {"FP32": "float32", "FP64": "float64", "INT64": "int64", "INT32": "int32", "BOOL": "bool", "BYTES": "object"}

def array(tensor):
    data = [float("nan") if cell is None else cell for cell in tensor["data"]]
    return numpy.array(data, dtype=types[tensor["datatype"]]).reshape(tensor["shape"])

session = onnxruntime.InferenceSession("model/model.onnx")
outputs = [tensor["name"] for tensor in example["answer"]["outputs"]]
answer = session.run(outputs, {tensor["name"]: array(tensor) for tensor in example["request"]["inputs"]})
for got, wanted in zip(answer, example["answer"]["outputs"]):
    print(wanted["name"], numpy.allclose(got, array(wanted), atol=1e-5, equal_nan=True))
\`\`\`
`;

const PYTHON = `\`model/\` is a model folder of MLflow. With the packages of \`model/requirements.txt\`:

\`\`\`python
import json
import mlflow.pyfunc
import pandas

example = json.load(open("example.json"))
types = {"FP32": "float32", "FP64": "float64", "INT64": "int64", "INT32": "int32", "BOOL": "bool", "BYTES": "object"}
rows = pandas.DataFrame({
    tensor["name"]: pandas.Series(tensor["data"], dtype=types[tensor["datatype"]])
    for tensor in example["request"]["inputs"]
})
print(mlflow.pyfunc.load_model("model").predict(rows))
print(example["answer"]["outputs"])
\`\`\`
`;
