// Logistic regression by gradient descent on standardised columns, written as an MLflow model folder with ONNX inside.
// Any language and library can do this: a step is a command, and a model is a folder.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { logisticRegressionOnnx } from './onnx.mjs';

const COLUMNS = ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'];
const { rounds } = JSON.parse(readFileSync('params.json', 'utf8'));

const [header, ...lines] = readFileSync('inputs/split.train', 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(','));
const x = lines.map((cells) => COLUMNS.map((column) => Number(cells[header.indexOf(column)])));
const y = lines.map((cells) => Number(cells[header.indexOf('male')]));

const mean = COLUMNS.map((_, j) => x.reduce((sum, row) => sum + row[j], 0) / x.length);
const scale = COLUMNS.map((_, j) =>
  Math.sqrt(x.reduce((sum, row) => sum + (row[j] - mean[j]) ** 2, 0) / x.length),
);
const z = x.map((row) => row.map((value, j) => (value - mean[j]) / scale[j]));

const weights = COLUMNS.map(() => 0);
let bias = 0;
for (let round = 0; round < rounds; round += 1) {
  const gradient = COLUMNS.map(() => 0);
  let biasGradient = 0;
  for (const [i, row] of z.entries()) {
    const score = row.reduce((sum, value, j) => sum + value * weights[j], bias);
    const error = 1 / (1 + Math.exp(-score)) - y[i];
    row.forEach((value, j) => {
      gradient[j] += (error * value) / z.length;
    });
    biasGradient += error / z.length;
  }
  weights.forEach((weight, j) => {
    weights[j] = weight - 0.5 * gradient[j];
  });
  bias -= 0.5 * biasGradient;
}

mkdirSync('model', { recursive: true });
writeFileSync('model/model.onnx', logisticRegressionOnnx({ mean, scale, weights, bias }));
const inputs = COLUMNS.map((name) => ({ type: 'double', name, required: true }));
writeFileSync(
  'model/MLmodel',
  [
    'flavors:',
    '  onnx:',
    '    data: model.onnx',
    '    providers: [CPUExecutionProvider]',
    // For mlflow.pyfunc.load_model.
    '  python_function:',
    '    data: model.onnx',
    '    loader_module: mlflow.onnx',
    'signature:',
    `  inputs: '${JSON.stringify(inputs)}'`,
    `  outputs: '${JSON.stringify([{ type: 'double', name: 'probability' }])}'`,
    'saved_input_example_info:',
    '  artifact_path: input_example.json',
    '  type: dataframe',
    '  pandas_orient: split',
    '',
  ].join('\n'),
);
writeFileSync(
  'model/input_example.json',
  JSON.stringify({ columns: COLUMNS, data: x.slice(0, 3) }),
);
// The plain coefficients, for the evaluation and for whoever wants to read them.
writeFileSync(
  'model/coefficients.json',
  JSON.stringify({ columns: COLUMNS, mean, scale, weights, bias }),
);
console.log(`weights ${weights.map((weight) => weight.toFixed(2)).join(' ')}`);
