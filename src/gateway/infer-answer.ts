import { AppError } from '../base/app-error.ts';
import { SCORE_OUTPUT } from './infer-request.ts';
import { scoreOf, type LoadedModel, type OutputTensor, type RunOutputs } from './loaded-model.ts';

/** Where a row's answer lies. */
export type RowOutputs = { outputs: RunOutputs; row: number };

/** The outputs to send: those asked for, or all. AppError GATEWAY_BAD_INPUT for an unknown one, GATEWAY_MODEL_DOWN. */
export function chooseOutputs(model: LoadedModel, asked: readonly string[] | null): string[] {
  const names = model.outputs.map(({ name }) => name);
  if (names.length === 0)
    throw new AppError(
      'GATEWAY_MODEL_DOWN',
      `version ${model.version} of ${model.name} has not started yet`,
    );
  if (!asked) return names;
  for (const name of asked) {
    if (!names.includes(name) && name !== SCORE_OUTPUT) {
      throw new AppError(
        'GATEWAY_BAD_INPUT',
        `there is no output "${name}"; the model gives ${[...names, SCORE_OUTPUT].join(', ')}`,
      );
    }
  }
  return [...asked];
}

/** The outputs of rows, which may lie in several runs, as the protocol's list of tensors in JSON. */
export function outputsJson(names: readonly string[], rows: readonly RowOutputs[]): string {
  return `[${names.map((name) => outputJson(name, rows)).join(',')}]`;
}

/** The outputs of one whole run. */
export function wholeOutputsJson(names: readonly string[], { tensors }: RunOutputs): string {
  const parts = names.flatMap((name) => {
    const tensor = tensors.find((candidate) => candidate.name === name);
    return tensor
      ? [tensorJson(tensor, tensor.shape, elementsJson(tensor, 0, tensor.data.length))]
      : [];
  });
  return `[${parts.join(',')}]`;
}

function outputJson(name: string, rows: readonly RowOutputs[]): string {
  const first = rows[0]?.outputs.tensors.find((tensor) => tensor.name === name);
  if (!first) return scoresJson(rows);
  const rowShape = first.shape.slice(1);
  const size = rowShape.reduce((product, next) => product * next, 1);
  let data = '';
  for (const { outputs, row } of rows) {
    const tensor = outputs.tensors.find((candidate) => candidate.name === name) ?? first;
    const part = elementsJson(tensor, row * size, (row + 1) * size);
    data = data === '' ? part : `${data},${part}`;
  }
  return tensorJson(first, [rows.length, ...rowShape], data);
}

function scoresJson(rows: readonly RowOutputs[]): string {
  const data = rows.map(({ outputs, row }) => scoreOf(outputs, row) ?? 'null').join(',');
  return tensorJson({ name: SCORE_OUTPUT, datatype: 'FP64' }, [rows.length], data);
}

function tensorJson(
  { name, datatype }: Pick<OutputTensor, 'name' | 'datatype'>,
  shape: readonly number[],
  data: string,
): string {
  const note =
    data.includes('null') && datatype.startsWith('FP')
      ? ',"parameters":{"note":"null stands for NaN or an infinite value"}'
      : '';
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]${note},"data":[${data}]}`;
}

/** Elements as JSON: NaN and infinities are null, 64-bit integers keep all digits. */
function elementsJson({ datatype, data }: OutputTensor, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i += 1) {
    const value = data[i];
    if (i > from) text += ',';
    if (typeof value === 'number') {
      text +=
        datatype === 'BOOL'
          ? value === 0
            ? 'false'
            : 'true'
          : Number.isFinite(value)
            ? value
            : 'null';
    } else {
      text += typeof value === 'bigint' ? value : JSON.stringify(value);
    }
  }
  return text;
}
