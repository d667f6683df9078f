import { AppError } from '../base/app-error.ts';
import type { LoadedModel, OutputTensor } from './loaded-model.ts';
import type { RequestRow } from './predictor.ts';
import {
  datatypes,
  fitsDatatype,
  isDatatype,
  writeCell,
  type Cell,
  type Datatype,
} from './tensor-types.ts';

export type InferTensor = { name: string; datatype: Datatype; shape: number[]; data: Cell[] };
export type InferRequest = { id: string | null; inputs: InferTensor[]; outputs: string[] | null };

/** The virtual output with one number a row: probability of the positive class, or the value of a regression. */
export const SCORE_OUTPUT = 'score';

/**
 * Reads the body of an Open Inference Protocol v2 inference request. Data may be nested or flat, row-major; shapes and
 * elements are checked strictly; `null` is a missing value, which not every column may have.
 * @throws AppError GATEWAY_BAD_INPUT
 */
export function parseInferRequest(text: string): InferRequest {
  const request = readRequest(parseJson(text), false);
  return request.inputs.some(isInexact) ? readRequest(parseExactly(text), true) : request;
}

function readRequest(content: unknown, exact: boolean): InferRequest {
  if (content === null || typeof content !== 'object' || Array.isArray(content))
    throw bad('the body must be a JSON object');
  const { id, inputs, outputs } = content as Record<string, unknown>;
  if (id !== undefined && typeof id !== 'string') throw bad('"id" must be a text');
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw bad('"inputs" must be a list of tensors');
  if (outputs !== undefined && !Array.isArray(outputs)) throw bad('"outputs" must be a list');
  const tensors = inputs.map((input, i) => parseTensor(input, i, exact));
  return {
    id: id ?? null,
    inputs: tensors,
    outputs: outputs ? outputs.map((output) => outputName(output)) : null,
  };
}

/** Splits the tensors of a request into rows for a model that is run by rows. */
export function rowsOf(model: LoadedModel, tensors: readonly InferTensor[]): RequestRow[] {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (given.size !== tensors.length) throw bad('an input is given twice');
  // Where the inputs are the columns, a tensor is read like a field, whatever number type it was sent as.
  const asGraph =
    !model.columnar &&
    given.size === model.inputs.length &&
    model.inputs.every(({ name }) => given.has(name));
  const count = tensors[0]?.shape[0] ?? 0;
  for (const { name, shape } of tensors) {
    if (shape[0] !== count)
      throw bad(`input "${name}" has ${shape[0]} rows, input "${tensors[0]?.name}" has ${count}`);
  }
  if (count === 0) throw bad('there are no rows');
  return asGraph ? vectorRows(model, given, count) : fieldRows(model, tensors, count);
}

/** Tensors for a graph that is not run by rows, in its types. */
export function graphTensors(model: LoadedModel, tensors: readonly InferTensor[]): OutputTensor[] {
  return model.inputs.map((input) => {
    const tensor = tensors.find(({ name }) => name === input.name);
    if (!tensor) throw bad(`input "${input.name}" is missing`);
    checkTensor(tensor, input);
    if (tensor.data.includes(null) && datatypes[input.datatype].kind !== 'float') {
      throw bad(`input "${input.name}" has null, which ${input.datatype} cannot hold`);
    }
    const data = datatypes[input.datatype].allocate(tensor.data.length);
    for (const [i, value] of tensor.data.entries()) writeCell(data, i, value);
    return { name: input.name, datatype: input.datatype, shape: tensor.shape, data };
  });
}

function vectorRows(
  model: LoadedModel,
  given: Map<string, InferTensor>,
  count: number,
): RequestRow[] {
  const rows = Array.from({ length: count }, () => ({ vector: [] as Cell[] }));
  for (const input of model.inputs) {
    const tensor = given.get(input.name);
    if (!tensor) continue;
    checkTensor(tensor, input);
    let at = 0;
    for (const { vector } of rows) {
      for (const index of input.from) {
        vector[index] = tensor.data[at] ?? null;
        at += 1;
      }
    }
  }
  return rows;
}

function fieldRows(
  model: LoadedModel,
  tensors: readonly InferTensor[],
  count: number,
): RequestRow[] {
  const known = [...model.plan.names, ...model.plan.entities];
  if (!tensors.some(({ name }) => known.includes(name))) {
    const wanted = model.inputs
      .map(({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(', ')}]`)
      .join('; ');
    throw bad(
      `no input of that name: the model takes ${wanted}, or one tensor a column (${known.join(', ')})`,
    );
  }
  const rows = Array.from({ length: count }, () => ({ fields: {} as Record<string, Cell> }));
  for (const { name, shape, data } of tensors) {
    if (data.length !== count)
      throw bad(`input "${name}" has shape [${shape.join(', ')}]; a column has one value a row`);
    for (const [i, row] of rows.entries()) row.fields[name] = data[i] ?? null;
  }
  return rows;
}

function checkTensor(
  { name, datatype, shape }: InferTensor,
  input: { datatype: Datatype; shape: number[] },
): void {
  if (datatype !== input.datatype)
    throw bad(`input "${name}" has datatype ${datatype}, the model takes ${input.datatype}`);
  const fits =
    shape.length === input.shape.length &&
    input.shape.every((size, i) => size === -1 || size === shape[i]);
  if (!fits)
    throw bad(
      `input "${name}" has shape [${shape.join(', ')}], the model takes [${input.shape.join(', ')}]`,
    );
}

function parseTensor(input: unknown, index: number, exact: boolean): InferTensor {
  if (input === null || typeof input !== 'object') throw bad(`inputs[${index}] must be a tensor`);
  const { name, shape, datatype, data } = input as Record<string, unknown>;
  if (typeof name !== 'string') throw bad(`inputs[${index}] has no name`);
  if (!isDatatype(datatype))
    throw bad(
      `input "${name}" has datatype ${JSON.stringify(datatype)}; known are ${Object.keys(datatypes).join(', ')}`,
    );
  if (
    !Array.isArray(shape) ||
    shape.length === 0 ||
    !shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  ) {
    throw bad(`input "${name}" has no valid shape`);
  }
  if (!Array.isArray(data)) throw bad(`input "${name}" has no data (a list)`);
  const sizes = shape as number[];
  const flat = Array.isArray(data[0]) ? flatten(name, data, sizes) : data;
  const wanted = sizes.reduce((product, size) => product * size, 1);
  if (flat.length !== wanted) {
    throw bad(
      `input "${name}" has ${flat.length} elements, its shape [${sizes.join(', ')}] wants ${wanted}`,
    );
  }
  for (let i = 0; i < flat.length; i += 1) {
    const value: unknown = flat[i];
    if (value === null || fitsDatatype(value, datatype)) continue;
    if (!exact && isLargeInteger(value, datatype)) continue;
    const shown =
      typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 60);
    throw bad(`input "${name}", element ${i}: ${shown} is no ${datatype}`);
  }
  return { name, datatype, shape: sizes, data: flat as Cell[] };
}

function flatten(name: string, data: unknown[], shape: readonly number[]): unknown[] {
  let level: unknown[] = data;
  for (let axis = 0; axis < shape.length; axis += 1) {
    const size = shape[axis];
    if (axis === 0) {
      if (level.length !== size)
        throw bad(`input "${name}" has ${level.length} rows, its shape says ${size}`);
      continue;
    }
    const next: unknown[] = [];
    for (const part of level) {
      if (!Array.isArray(part) || part.length !== size) {
        throw bad(`input "${name}" is nested unevenly: its shape is [${shape.join(', ')}]`);
      }
      for (const element of part as unknown[]) next.push(element);
    }
    level = next;
  }
  return level;
}

/** Integers beyond 2^53 lose digits in JSON.parse. */
function isLargeInteger(value: unknown, datatype: Datatype): boolean {
  return (
    datatypes[datatype].kind === 'big' && Number.isInteger(value) && !Number.isSafeInteger(value)
  );
}

function isInexact({ datatype, data }: InferTensor): boolean {
  return (
    datatypes[datatype].kind === 'big' && data.some((value) => isLargeInteger(value, datatype))
  );
}

/** Parses once more, with integers beyond 2^53 as bigints. Rare, hence not the way of every request. */
function parseExactly(text: string): unknown {
  const revive = (_key: string, value: unknown, context: { source: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function outputName(output: unknown): string {
  const name =
    output !== null && typeof output === 'object'
      ? (output as Record<string, unknown>)['name']
      : undefined;
  if (typeof name !== 'string') throw bad('each of "outputs" must have a name');
  return name;
}

function bad(message: string): AppError {
  return new AppError('GATEWAY_BAD_INPUT', message);
}
