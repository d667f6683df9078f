import { AppError } from '../../base/app-error.ts';

/** What a field of a request holds. `enum` is a name or a number; `strings` a list of texts, in an address a repeated key. */
export type FieldKind =
  | 'string'
  | 'int'
  | 'double'
  | 'bool'
  | 'enum'
  | 'strings'
  | 'list'
  | 'object';

/** Fields of a request by name; `!` marks the required ones. */
export type FieldSpecs = Readonly<Record<string, FieldKind | `${FieldKind}!`>>;

type ValueOf<K> = K extends 'string'
  ? string
  : K extends 'int' | 'double'
    ? number
    : K extends 'bool'
      ? boolean
      : K extends 'enum'
        ? string | number
        : K extends 'strings'
          ? string[]
          : K extends 'list'
            ? Record<string, unknown>[]
            : Record<string, unknown>;

export type Fields<S extends FieldSpecs> = {
  [N in keyof S]: S[N] extends `${infer K extends FieldKind}!`
    ? ValueOf<K>
    : ValueOf<S[N]> | undefined;
};

const SEE_ALSO = ' See the API docs for more information about request parameters.';

/**
 * Reads the fields of a request as MLflow's server does: unknown ones are left out, null is as good as absent, numbers
 * may come as text. Throws INVALID_PARAMETER_VALUE with the texts its clients and their tests know.
 */
export function parseFields<S extends FieldSpecs>(
  specs: S,
  given: Readonly<Record<string, unknown>>,
  options: { fromQuery?: boolean; textOf?(name: string): string | undefined } = {},
): Fields<S> {
  const fields: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const required = spec.endsWith('!');
    const kind = (required ? spec.slice(0, -1) : spec) as FieldKind;
    let value = given[name] ?? undefined;
    if (name === 'run_id' && value === undefined) value = given.run_uuid ?? undefined;
    // A key that stands once in an address is a list of one where a list is meant.
    if (options.fromQuery === true && kind === 'strings' && typeof value === 'string')
      value = [value];
    if (value === undefined || (required && value === '')) {
      if (required) throw missingParameter(name, SEE_ALSO);
      continue;
    }
    const read = readField(kind, value);
    if (read === undefined) throw wrongType(name, value, SEE_ALSO, options.textOf?.(name));
    fields[name] = read;
  }
  return fields as Fields<S>;
}

/** `Missing value for required parameter 'name'.`, as MLflow says it. */
export function missingParameter(path: string, more = ''): AppError {
  return new AppError(
    'INVALID_PARAMETER_VALUE',
    `Missing value for required parameter '${path}'.${more}`,
  );
}

/** `text` is a number as it was written: 9.0 is a float there, and 9 here. */
function wrongType(path: string, value: unknown, more: string, text?: string): AppError {
  return new AppError(
    'INVALID_PARAMETER_VALUE',
    `Invalid value ${text ?? JSON.stringify(value)} for parameter '${path}' supplied:  Hint: Value was of type '${typeName(value, text)}'.${more}`,
  );
}

/** MLflow's servers and clients are Python; its error texts name Python's types. */
function typeName(value: unknown, text?: string): string {
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') {
    return /[.eE]/.test(text ?? String(value)) ? 'float' : 'int';
  }
  return Array.isArray(value) ? 'list' : 'dict';
}

function readField(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'int':
      return readInt(value);
    case 'double':
      return readDouble(value);
    case 'bool':
      return readBool(value);
    case 'enum':
      return typeof value === 'string' || typeof value === 'number' ? value : undefined;
    case 'strings': {
      if (!Array.isArray(value)) return undefined;
      return value.every((item) => typeof item === 'string') ? value : undefined;
    }
    case 'list':
      return Array.isArray(value) && value.every(isObject) ? value : undefined;
    case 'object':
      return isObject(value) ? value : undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An integer, also as text; undefined for anything else. */
export function readInt(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value) ? Number(value) : undefined;
}

const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  infinity: Infinity,
  inf: Infinity,
  '-infinity': -Infinity,
  '-inf': -Infinity,
};

/** A double, also as text, NaN and infinities by name; undefined for anything else. */
export function readDouble(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const special = SPECIAL[value.trim().toLowerCase()];
  if (special !== undefined) return special;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function readBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  throw new AppError(
    'INVALID_PARAMETER_VALUE',
    `Invalid boolean value: ${value}, must be 'true' or 'false'.`,
  );
}

/**
 * Reads the fields of an item of a list, such as `metrics[3]`; the path stands before the names in errors.
 */
export function parseItem<S extends FieldSpecs>(
  path: string,
  specs: S,
  given: Readonly<Record<string, unknown>>,
): Fields<S> {
  const fields: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const required = spec.endsWith('!');
    const value = given[name] ?? undefined;
    if (value === undefined || (required && value === '')) {
      if (required) throw missingParameter(`${path}.${name}`, SEE_ALSO);
      continue;
    }
    const read = readField((required ? spec.slice(0, -1) : spec) as FieldKind, value);
    if (read === undefined) throw wrongType(`${path}.${name}`, value, SEE_ALSO);
    fields[name] = read;
  }
  return fields as Fields<S>;
}
