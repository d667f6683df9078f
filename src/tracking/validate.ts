import { posix } from 'node:path';
import { AppError } from '../base/app-error.ts';

/** MLflow's limits (mlflow/utils/validation.py). */
const KEY_LIMIT = 250;
const PARAM_VALUE_LIMIT = 6000;
const TAG_VALUE_LIMIT = 8000;
const EXPERIMENT_TAG_LIMIT = 20_000;
const BATCH = { metrics: 1000, params: 100, tags: 100, all: 1000 };

export type Point = {
  key: string;
  value: number;
  timestampMs: number;
  step: number;
  modelId?: string | undefined;
  datasetName?: string | undefined;
  datasetDigest?: string | undefined;
};
export type KeyValue = { key: string; value: string };

/** A refusal of a value, as MLflow's server says it. */
export function invalid(message: string): AppError {
  return new AppError('INVALID_PARAMETER_VALUE', message);
}

export function notFound(message: string): AppError {
  return new AppError('RESOURCE_DOES_NOT_EXIST', message);
}

function invalidValue(path: string, value: unknown, message?: string): AppError {
  const head = `Invalid value ${JSON.stringify(value)} for parameter '${path}' supplied`;
  return invalid(message === undefined ? `${head}.` : `${head}: ${message}`);
}

/** May this be the name of a metric, a parameter or a tag? Throws if not; `path` is where the request has it. */
export function checkName(name: string, path: string): void {
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(name)) {
    throw invalidValue(
      path,
      name,
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
    );
  }
  const resolved = normalPath(name);
  if (resolved !== name || resolved === '.' || /^(?:\.\.|\/)/.test(resolved)) {
    throw invalidValue(
      path,
      name,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${resolved}'`,
    );
  }
}

function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function checkLength(name: string, limit: number, value: string): void {
  if (value.length > limit)
    throw invalid(`'${name}' exceeds the maximum length of ${limit} characters`);
}

function at(path: string, member: string): string {
  return path === '' ? member : `${path}.${member}`;
}

export function checkMetric(point: Point, path = ''): void {
  checkName(point.key, at(path, 'name'));
  if (point.timestampMs < 0) {
    throw invalidValue(
      at(path, 'timestamp'),
      point.timestampMs,
      `metric '${point.key}' (value=${point.value}). Timestamp must be a nonnegative long (64-bit integer) `,
    );
  }
  checkLength('Metric name', KEY_LIMIT, point.key);
}

/** The parameter with its value cut to what MLflow keeps. */
export function checkedParam({ key, value }: KeyValue, path = ''): KeyValue {
  checkName(key, at(path, 'key'));
  checkLength('Param key', KEY_LIMIT, key);
  return { key, value: value.slice(0, PARAM_VALUE_LIMIT) };
}

/** The tag with its value cut to what MLflow keeps. */
export function checkedTag({ key, value }: KeyValue, path = ''): KeyValue {
  checkName(key, at(path, 'key'));
  checkLength(at(path, 'key'), KEY_LIMIT, key);
  return { key, value: value.slice(0, TAG_VALUE_LIMIT) };
}

export function checkExperimentTag({ key, value }: KeyValue): void {
  checkName(key, 'key');
  checkLength('key', KEY_LIMIT, key);
  checkLength('value', EXPERIMENT_TAG_LIMIT, value);
}

export function checkExperimentName(name: string): void {
  if (name === '') throw invalid(`Invalid experiment name: ''`);
  checkLength('name', 500, name);
}

export function checkArtifactLocation(location: string): void {
  if (location.length > 2048) {
    throw invalid(
      'Invalid artifact path length. The length of the artifact path cannot be greater than 2048 characters.',
    );
  }
  if (location.startsWith('runs:')) {
    throw invalid(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  }
}

/** The experiment id as it is stored; an empty one is the default experiment. */
export function experimentIdOf(given: string): string {
  if (given === '') return '0';
  if (!/^\s*[-+]?\d+\s*$/.test(given)) {
    throw invalid(`Invalid experiment ID '${given}'. Experiment ID must be a valid integer.`);
  }
  return String(Number(given));
}

export function checkRunId(runId: string): void {
  if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(runId)) throw invalidValue('run_id', runId);
}

export type Batch = { metrics: Point[]; params: KeyValue[]; tags: KeyValue[] };

/** The batch with values cut to what MLflow keeps. Throws for names, limits and parameters named twice. */
export function checkedBatch(batch: Batch): Batch {
  for (const [index, point] of batch.metrics.entries()) checkMetric(point, `metrics[${index}]`);
  const params = batch.params.map((param, index) => checkedParam(param, `params[${index}]`));
  const tags = batch.tags.map((tag, index) => checkedTag(tag, `tags[${index}]`));
  checkCount('metrics', BATCH.metrics, batch.metrics.length);
  checkCount('params', BATCH.params, params.length);
  checkCount('tags', BATCH.tags, tags.length);
  checkCount(
    'metrics, params, and tags',
    BATCH.all,
    batch.metrics.length + params.length + tags.length,
  );
  const seen = new Set<string>();
  const twice = params.map((param) => param.key).filter((key) => seen.has(key) || !seen.add(key));
  if (twice.length > 0) {
    throw invalid(
      `Duplicate parameter keys have been submitted: [${twice.map((key) => `'${key}'`).join(', ')}]. Please ensure the request contains only one param value per param key.`,
    );
  }
  return { metrics: batch.metrics, params, tags };
}

function checkCount(what: string, limit: number, count: number): void {
  if (count > limit) {
    throw invalid(
      `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
    );
  }
}

export type LoggedDataset = {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string | null;
  profile: string | null;
  tags: KeyValue[];
};

export function checkDataset(dataset: LoggedDataset): void {
  checkLength('name', 500, dataset.name);
  checkLength('digest', 36, dataset.digest);
  checkLength('source', 65_535, dataset.source);
  checkLength('schema', 1_048_575, dataset.schema ?? '');
  checkLength('profile', 16_777_215, dataset.profile ?? '');
  for (const tag of dataset.tags) {
    checkLength('key', 255, tag.key);
    checkLength('value', 500, tag.value);
  }
}

export function checkLoggedModelName(name: string): void {
  if (name === '' || /[/:.%"']/.test(name)) {
    throw invalid(
      `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
    );
  }
}

/** How many results a page may have. */
export function checkedMaxResults(given: number | undefined, standard: number): number {
  const count = given ?? standard;
  if (count < 1) {
    throw invalid(
      `Invalid value ${count} for parameter 'max_results' supplied. It must be a positive integer`,
    );
  }
  if (count > 50_000) {
    throw invalid(
      `Invalid value ${count} for parameter 'max_results' supplied. It must be at most 50000`,
    );
  }
  return count;
}

/** Which stages a view shows; MLflow's ViewType by name or number. */
export function stagesOf(view: string | number | undefined): string[] {
  switch (typeof view === 'string' && /^\d$/.test(view) ? Number(view) : view) {
    case undefined:
    case 1:
    case 'ACTIVE_ONLY':
      return ['active'];
    case 2:
    case 'DELETED_ONLY':
      return ['deleted'];
    case 3:
    case 'ALL':
      return ['active', 'deleted'];
    default:
      throw invalid(`Invalid value ${JSON.stringify(view)} for parameter 'view_type' supplied.`);
  }
}
