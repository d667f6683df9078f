import { posix } from 'node:path';
import { AppError } from '../base/app-error.ts';

// Rules and texts of MLflow (mlflow/utils/validation.py): its clients and their tests know them.

const TAG_KEY_LIMIT = 250;
const TAG_VALUE_LIMIT = 100_000;
const ALIAS_LIMIT = 255;
const TAG_KEY = /^[/\p{L}\p{N}_.\- :]*$/u;
const ALIAS = /^[\p{L}\p{N}_-]*$/u;

/** The tag that makes a registered model a prompt, and the one of a version that holds its text. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt';
const PROMPT_TEXT_TAG = 'mlflow.prompt.text';

/** The aliases a promotion moves; nobody else does. */
export const GOVERNED_ALIASES: readonly string[] = ['champion', 'challenger'];

export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;
export type Stage = (typeof STAGES)[number];

/** Throws INVALID_PARAMETER_VALUE unless a model may be called so. */
export function checkModelName(name: string, field = 'name'): void {
  if (name.trim() === '') throw invalid(`Missing value for required parameter '${field}'.`);
  if (/[/:]/.test(name)) {
    throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  }
  checkPath('name', name);
}

/** Throws INVALID_PARAMETER_VALUE unless it may be a tag of a model or a version. */
export function checkTag(key: string, value: string): void {
  checkTagKey(key);
  if (key.length > TAG_KEY_LIMIT) throw tooLong('key', TAG_KEY_LIMIT);
  if (value.length <= TAG_VALUE_LIMIT) return;
  if (key !== PROMPT_TEXT_TAG) throw tooLong('value', TAG_VALUE_LIMIT);
  throw invalid(`Prompt text exceeds max length of ${TAG_VALUE_LIMIT} characters.`);
}

export function checkTagKey(key: string): void {
  if (!TAG_KEY.test(key)) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    );
  }
  checkPath('key', key);
}

/** Throws INVALID_PARAMETER_VALUE unless an alias may be called so; `set` also refuses the reserved ones. */
export function checkAlias(alias: string, use: 'set' | 'find'): void {
  if (alias === '') throw invalid('Registered model alias name cannot be empty.');
  if (!ALIAS.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  }
  if (alias.length > ALIAS_LIMIT) throw tooLong('Registered model alias name', ALIAS_LIMIT);
  if (use === 'find') return;
  if (alias.toLowerCase() === 'latest') {
    throw invalid("'latest' alias name (case insensitive) is reserved.");
  }
  if (/^[vV]\d+$/.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`);
}

/** A version's number. Throws INVALID_PARAMETER_VALUE when it is none. */
export function versionNumber(version: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(version)) {
    throw invalid(`Parameter 'version' must be an integer, got '${version}'.`);
  }
  const number = Number(version);
  return Number.isSafeInteger(number) ? number : -1;
}

/** A stage however its letters are written. Throws INVALID_PARAMETER_VALUE for another one. */
export function stageOf(name: string): Stage {
  const stage = STAGES.find((one) => one.toLowerCase() === name.toLowerCase());
  if (stage) return stage;
  throw invalid(`Invalid Model Version stage: ${name}. Value must be one of ${STAGES.join(', ')}.`);
}

/** Tags as a record; of a key that comes twice the last value holds. */
export function tagsOf(tags: readonly { key: string; value: string }[]): Record<string, string> {
  for (const { key, value } of tags) checkTag(key, value);
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

export function isPrompt(tags: Readonly<Record<string, string>>): boolean {
  return (tags[PROMPT_TAG] ?? '').toLowerCase() === 'true';
}

/** INVALID_PARAMETER_VALUE with a text. */
export function invalid(message: string): AppError {
  return new AppError('INVALID_PARAMETER_VALUE', message);
}

function tooLong(field: string, limit: number): AppError {
  return invalid(`'${field}' exceeds the maximum length of ${limit} characters`);
}

function checkPath(field: string, name: string): void {
  const resolved = posix.normalize(name);
  // Node keeps a slash at the end, Python does not.
  const same = resolved === name && !(name.length > 1 && name.endsWith('/'));
  if (same && name !== '.' && name !== '' && !/^(?:\.\.|\/)/.test(name)) return;
  const shown = resolved.length > 1 ? resolved.replace(/\/$/, '') : resolved;
  throw invalid(
    `Invalid value ${JSON.stringify(name)} for parameter '${field}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${shown}'`,
  );
}
