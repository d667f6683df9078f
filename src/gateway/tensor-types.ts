/** A value of a request, of a feature view, or of a model's input. */
export type Cell = number | string | boolean | null | bigint;

export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  /** Null: missing, where the model tells it from an empty text. */
  | (string | null)[];

type DatatypeEntry = {
  /** Name in ONNX Runtime. */
  runtime: string;
  kind: 'float' | 'integer' | 'big' | 'boolean' | 'text';
  min: number;
  max: number;
  allocate: (length: number) => TensorData;
};

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Datatypes of the Open Inference Protocol that ONNX Runtime takes from JavaScript. */
export const datatypes: Record<Datatype, DatatypeEntry> = {
  BOOL: { runtime: 'bool', kind: 'boolean', min: 0, max: 1, allocate: (n) => new Uint8Array(n) },
  UINT8: {
    runtime: 'uint8',
    kind: 'integer',
    min: 0,
    max: 255,
    allocate: (n) => new Uint8Array(n),
  },
  UINT16: {
    runtime: 'uint16',
    kind: 'integer',
    min: 0,
    max: 65_535,
    allocate: (n) => new Uint16Array(n),
  },
  UINT32: {
    runtime: 'uint32',
    kind: 'integer',
    min: 0,
    max: 4_294_967_295,
    allocate: (n) => new Uint32Array(n),
  },
  UINT64: {
    runtime: 'uint64',
    kind: 'big',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    allocate: (n) => new BigUint64Array(n),
  },
  INT8: {
    runtime: 'int8',
    kind: 'integer',
    min: -128,
    max: 127,
    allocate: (n) => new Int8Array(n),
  },
  INT16: {
    runtime: 'int16',
    kind: 'integer',
    min: -32_768,
    max: 32_767,
    allocate: (n) => new Int16Array(n),
  },
  INT32: {
    runtime: 'int32',
    kind: 'integer',
    min: -2_147_483_648,
    max: 2_147_483_647,
    allocate: (n) => new Int32Array(n),
  },
  INT64: {
    runtime: 'int64',
    kind: 'big',
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    allocate: (n) => new BigInt64Array(n),
  },
  FP32: {
    runtime: 'float32',
    kind: 'float',
    min: -Infinity,
    max: Infinity,
    allocate: (n) => new Float32Array(n),
  },
  FP64: {
    runtime: 'float64',
    kind: 'float',
    min: -Infinity,
    max: Infinity,
    allocate: (n) => new Float64Array(n),
  },
  BYTES: {
    runtime: 'string',
    kind: 'text',
    min: 0,
    max: 0,
    allocate: (n) => Array.from<string>({ length: n }).fill(''),
  },
};

const byRuntimeName = new Map(
  Object.entries(datatypes).map(([name, entry]) => [entry.runtime, name as Datatype]),
);

/** The protocol's name of a type of ONNX Runtime; undefined when JSON cannot carry it (float16, int4). */
export function datatypeOf(runtimeType: string): Datatype | undefined {
  return byRuntimeName.get(runtimeType);
}

export function isDatatype(name: unknown): name is Datatype {
  return typeof name === 'string' && Object.hasOwn(datatypes, name);
}

/** True when a value from JSON is one of the datatype; `null` never is. Integers beyond 2^53 come as bigint. */
export function fitsDatatype(value: unknown, datatype: Datatype): value is Cell {
  const { kind, min, max } = datatypes[datatype];
  switch (kind) {
    case 'float':
      return typeof value === 'number';
    case 'integer':
      return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    case 'big':
      if (typeof value === 'bigint') {
        return datatype === 'INT64'
          ? value <= MAX_INT64 && value >= -MAX_INT64 - 1n
          : value >= 0n && value <= MAX_UINT64;
      }
      return Number.isSafeInteger(value) && (value as number) >= min;
    case 'boolean':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string';
    default:
      return kind satisfies never;
  }
}

/** Writes one cell; a missing value (`null`) is NaN to the model, false to a boolean and `missingText` to a text input. */
export function writeCell(
  data: TensorData,
  at: number,
  value: Cell,
  missingText: '' | null = '',
): void {
  if (data instanceof Float32Array || data instanceof Float64Array) {
    data[at] = value === null ? Number.NaN : Number(value);
  } else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    data[at] = typeof value === 'bigint' ? value : BigInt(Number(value));
  } else if (Array.isArray(data)) {
    data[at] = value === null ? missingText : String(value);
  } else {
    data[at] = Number(value);
  }
}
