import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { parsePythonJson } from '../base/python-json.ts';
import type { RoutedModel } from '../contract/route-table.ts';
import { messageOf } from '../base/message-of.ts';
import { modelFormats } from './model-formats/index.ts';
import type { ModelRuntime, ModelSurroundings } from './model-formats/model-format.ts';
import { planRows, type RowPlan } from './row-plan.ts';
import { datatypes, writeCell, type Cell, type Datatype, type TensorData } from './tensor-types.ts';

export type TensorSpec = {
  name: string;
  datatype: Datatype;
  /** -1 is a dimension of any size. */
  shape: number[];
};

export type ModelInput = TensorSpec & {
  /** Elements of one row; 0 where the model is not run by rows. */
  rowSize: number;
  /** Where in a row's values each element comes from. */
  from: number[];
};

export type OutputTensor = { name: string; datatype: Datatype; shape: number[]; data: TensorData };

/** What one run gave. A row is found by its index in it. */
export type RunOutputs = {
  tensors: OutputTensor[];
  score: OutputTensor | null;
  scoreStride: number;
  scoreAt: number;
};

const WARM_ROWS = 16;
const WARM_ROUNDS = 3;
const WARM_WITHIN_MS = 30;

/**
 * A model version that can be run. `hold` and `release` count its users: a retired model's runtime is given back only
 * when the last of them is done, because what is released rejects its queued runs.
 */
export class LoadedModel {
  readonly routed: RoutedModel;
  readonly inputs: ModelInput[];
  /** Rows of several requests may share a run. */
  readonly byRows: boolean;
  readonly plan: RowPlan;
  readonly key: string;
  /** Name of its kind in the Open Inference Protocol. */
  readonly platform: string;
  readonly #runtime: ModelRuntime;
  #users = 0;
  #retired = false;
  #released: Promise<void> | undefined;

  constructor(routed: RoutedModel, runtime: ModelRuntime, platform: string) {
    this.routed = routed;
    this.key = modelKey(routed);
    this.platform = platform;
    this.#runtime = runtime;
    this.byRows = runtime.inputs.every(
      ({ shape }) => shape[0] === -1 && shape.slice(1).every((size) => size > 0),
    );
    this.inputs = placeColumns(routed, runtime.inputs, this.byRows);
    this.plan = planRows(routed, this.inputs);
  }

  /** Empty while a model in a process of its own was never ready. */
  get outputs(): readonly TensorSpec[] {
    return this.#runtime.outputs;
  }

  /** False while the process of the model is gone. */
  get ready(): boolean {
    return this.#runtime.ready;
  }

  get restarts(): number {
    return this.#runtime.restarts;
  }

  get ownProcess(): boolean {
    return this.#runtime.ownProcess;
  }

  /** Its inputs are the columns of its signature. */
  get columnar(): boolean {
    return this.#runtime.columnar;
  }

  get answersPlainly(): boolean {
    return this.#runtime.answersPlainly;
  }

  get name(): string {
    return this.routed.name;
  }

  get version(): string {
    return this.routed.version;
  }

  hold(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    this.#releaseWhenIdle();
  }

  /** No new user comes; the memory is given back after the last one. */
  retire(): void {
    this.#retired = true;
    this.#releaseWhenIdle();
  }

  /** Gives the runtime back at once, whoever uses it; resolves when it is gone. */
  async close(): Promise<void> {
    this.#retired = true;
    await this.#giveBack();
  }

  /** One run over rows of values, each in the order of the plan's columns. */
  async runRows(rows: readonly (readonly Cell[])[]): Promise<RunOutputs> {
    const feeds = this.inputs.map(({ name, datatype, rowSize, from, shape }): OutputTensor => {
      const data = datatypes[datatype].allocate(rows.length * rowSize);
      fillRows(data, rows, { from, missingText: this.#runtime.missingText });
      return { name, datatype, shape: [rows.length, ...shape.slice(1)], data };
    });
    return this.runTensors(feeds);
  }

  /** One run over tensors as they are, for models that are not run by rows. */
  async runTensors(feeds: readonly OutputTensor[]): Promise<RunOutputs> {
    const tensors = await this.#runtime.run(feeds);
    return { tensors, ...findScore(this.routed.positiveClass, tensors) };
  }

  /** Runs the model's input example, or a row of zeros, so that a broken model is found before a route points at it. */
  async probe(): Promise<void> {
    if (!this.byRows) return;
    const rows = [probeRow(this), probeRow(this)];
    const { tensors, score } = await this.runRows(rows);
    for (const tensor of tensors) {
      if (tensor.shape[0] !== rows.length) {
        throw new Error(
          `output "${tensor.name}" has shape [${tensor.shape.join(', ')}] for ${rows.length} rows`,
        );
      }
    }
    if (score === null) throw new Error(scoreHelp(this.routed, this.outputs));
  }

  /**
   * Runs batches of the sizes that requests make. A session's first run of a size takes several times as long as the
   * next: without this the first answers of a canary would look slower than the champion's, which has long run them all.
   * Stops after a few milliseconds of work, and lets requests in between.
   */
  async warmUp(): Promise<void> {
    if (!this.byRows) return;
    const row = probeRow(this);
    let spentMs = 0;
    for (let round = 0; round < WARM_ROUNDS; round += 1) {
      for (let size = 1; size <= WARM_ROWS; size += 1) {
        if (spentMs > WARM_WITHIN_MS) return;
        const startedMs = performance.now();
        await this.runRows(Array.from({ length: size }, () => row));
        spentMs += performance.now() - startedMs;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  #releaseWhenIdle(): void {
    if (this.#retired && this.#users === 0) void this.#giveBack();
  }

  #giveBack(): Promise<void> {
    this.#released ??= this.#runtime.release();
    return this.#released;
  }
}

export function modelKey(model: Pick<RoutedModel, 'name' | 'version' | 'digest'>): string {
  return `${model.name}/${model.version}/${model.digest}`;
}

/**
 * Opens and probes a model version from its folder. Without `wait` a model in a process of its own may still be starting.
 * @throws AppError GATEWAY_MODEL_UNLOADABLE
 */
export async function loadModel(
  routed: RoutedModel,
  surroundings: ModelSurroundings,
  wait = true,
): Promise<LoadedModel> {
  let runtime: ModelRuntime | undefined;
  try {
    const format = modelFormats.find(({ kind }) => kind === routed.format);
    if (!format) throw new Error(`this gateway does not know the format ${routed.format}`);
    runtime = await format.open(routed, surroundings, wait);
    const model = new LoadedModel(routed, runtime, format.platform);
    if (wait || !model.ownProcess) await model.probe();
    if (!model.ownProcess) await model.warmUp();
    return model;
  } catch (error) {
    await runtime?.release();
    throw new AppError(
      'GATEWAY_MODEL_UNLOADABLE',
      `model ${routed.name} version ${routed.version} (${routed.path}) cannot be served: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** The score of one row: probability of the positive class, or the value of a regression. Null when not finite. */
export function scoreOf(outputs: RunOutputs, row: number): number | null {
  if (outputs.score === null) return null;
  const value = Number(outputs.score.data[row * outputs.scoreStride + outputs.scoreAt]);
  return Number.isFinite(value) ? value : null;
}

/** MLflow's rule: one input takes all columns in their order; several inputs take one column each, by name. */
function placeColumns(
  routed: RoutedModel,
  specs: readonly TensorSpec[],
  byRows: boolean,
): ModelInput[] {
  const sizeOf = (spec: TensorSpec) => spec.shape.slice(1).reduce((size, next) => size * next, 1);
  if (!byRows) return specs.map((spec) => ({ ...spec, rowSize: 0, from: [] }));
  const columns = routed.signature.map((column) => column.name);
  let next = 0;
  const placed = specs.map((spec) => {
    const rowSize = sizeOf(spec);
    const named = specs.length > 1 && rowSize === 1 ? columns.indexOf(spec.name) : -1;
    if (named >= 0) return { ...spec, rowSize, from: [named] };
    if (specs.length > 1 && columns.length > 0) {
      throw new Error(`input "${spec.name}" is no column of the signature (${columns.join(', ')})`);
    }
    const from = Array.from({ length: rowSize }, (_, i) => next + i);
    next += rowSize;
    return { ...spec, rowSize, from };
  });
  if (specs.length === 1 && columns.length > 0 && next !== columns.length) {
    throw new Error(`the signature has ${columns.length} columns, the graph takes ${next}`);
  }
  return placed;
}

function fillRows(
  data: TensorData,
  rows: readonly (readonly Cell[])[],
  how: { from: readonly number[]; missingText: '' | null },
): void {
  const { from, missingText } = how;
  let at = 0;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    for (const row of rows) {
      for (const index of from) {
        const value = row[index];
        data[at] =
          typeof value === 'number'
            ? value
            : value === null || value === undefined
              ? Number.NaN
              : Number(value);
        at += 1;
      }
    }
    return;
  }
  for (const row of rows) {
    for (const index of from) {
      writeCell(data, at, row[index] ?? null, missingText);
      at += 1;
    }
  }
}

function findScore(
  positiveClass: number | null,
  tensors: OutputTensor[],
): Omit<RunOutputs, 'tensors'> {
  const floats = tensors.filter(({ datatype }) => datatype === 'FP32' || datatype === 'FP64');
  if (positiveClass === null) {
    const value = floats[0] ?? tensors.find(({ datatype }) => datatype !== 'BYTES');
    const stride = value ? rowSizeOf(value) : 0;
    return stride === 1 && value
      ? { score: value, scoreStride: 1, scoreAt: 0 }
      : { score: null, scoreStride: 0, scoreAt: 0 };
  }
  const wide = floats.filter((tensor) => rowSizeOf(tensor) > positiveClass);
  const best = wide.find(({ name }) => /prob/i.test(name)) ?? wide.at(-1);
  if (best) return { score: best, scoreStride: rowSizeOf(best), scoreAt: positiveClass };
  // A graph that ends in one sigmoid gives the positive class alone.
  const single = floats.find((tensor) => rowSizeOf(tensor) === 1);
  return single
    ? { score: single, scoreStride: 1, scoreAt: 0 }
    : { score: null, scoreStride: 0, scoreAt: 0 };
}

function rowSizeOf({ shape }: OutputTensor): number {
  return shape.slice(1).reduce((size, next) => size * next, 1);
}

function scoreHelp(routed: RoutedModel, outputs: readonly TensorSpec[]): string {
  const names = outputs
    .map(({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(', ')}]`)
    .join('; ');
  return routed.positiveClass === null
    ? `no output with one number a row to take as the value (${names})`
    : `no output with probabilities of class ${routed.positiveClass} (${names})`;
}

function probeRow(model: LoadedModel): Cell[] {
  const columns = model.plan.columns;
  const zero = columns.map(({ datatype }): Cell =>
    datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0,
  );
  const file = join(model.routed.path, 'input_example.json');
  if (!existsSync(file)) return zero;
  const example = parsePythonJson(readFileSync(file, 'utf8')) as {
    columns?: string[];
    data?: Cell[][];
  };
  const first = example.data?.[0];
  if (!first || !example.columns) return zero;
  return columns.map(({ name }, i) => {
    const at = example.columns?.indexOf(name) ?? -1;
    return at >= 0 ? (first[at] ?? null) : (zero[i] ?? null);
  });
}
