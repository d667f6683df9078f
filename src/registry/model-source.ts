import { posix } from 'node:path';
import { invalid } from './registry-names.ts';

/** What a `models:/` address names. */
export type ModelAddress =
  | { kind: 'logged'; modelId: string }
  | { kind: 'version'; name: string; version: string }
  | { kind: 'alias'; name: string; alias: string }
  | { kind: 'stage'; name: string; stage: string }
  | { kind: 'latest'; name: string };

/** Reads `models:/NAME/3`, `models:/NAME@alias`, `models:/NAME/latest` or `models:/m-…`; undefined for anything else. */
export function parseModelAddress(uri: string): ModelAddress | undefined {
  const path = /^models:(\/[^?]*)$/.exec(uri)?.[1];
  if (path === undefined || path.length <= 1 || path.startsWith('//')) return undefined;
  const [name = '', suffix, ...more] = path.replace(/^\/+/, '').split('/');
  if (name.trim() === '' || more.length > 0) return undefined;
  if (suffix !== undefined) {
    if (suffix.trim() === '') return undefined;
    if (/^\d+$/.test(suffix)) return { kind: 'version', name, version: suffix };
    if (suffix.toLowerCase() === 'latest') return { kind: 'latest', name };
    return { kind: 'stage', name, stage: suffix };
  }
  const at = name.lastIndexOf('@');
  if (at < 0) return { kind: 'logged', modelId: name };
  const alias = name.slice(at + 1);
  return alias.trim() === '' ? undefined : { kind: 'alias', name: name.slice(0, at), alias };
}

/** Where a client says a version's files are, as far as this server can tell. */
export type ModelSource =
  | { kind: 'run'; runId: string; path: string }
  | { kind: 'artifacts'; path: string }
  | { kind: 'model'; address: ModelAddress }
  | { kind: 'elsewhere' };

/**
 * Reads the source of a new version. Throws INVALID_PARAMETER_VALUE for a path of this machine and for one that leads
 * out of where it says it is.
 */
export function parseModelSource(source: string): ModelSource {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'file') {
    throw invalid(
      `Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`,
    );
  }
  const path = safePath(source);
  if (scheme === 'models') {
    const address = parseModelAddress(source);
    if (!address) throw wrongOwner(source, 'model_id');
    return { kind: 'model', address };
  }
  if (scheme === 'runs') {
    if (source.startsWith('runs://')) throw wrongOwner(source, 'run_id');
    const [runId = '', ...rest] = path.replace(/^\/+/, '').split('/');
    return { kind: 'run', runId, path: rest.join('/') };
  }
  if (scheme === 'mlflow-artifacts') return { kind: 'artifacts', path: path.replace(/^\/+/, '') };
  const proxied = /\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.+)$/.exec(path)?.[1];
  return /^https?$/.test(scheme) && proxied !== undefined
    ? { kind: 'artifacts', path: proxied }
    : { kind: 'elsewhere' };
}

/** The refusal of a source that is not inside the run or model the request names. */
export function wrongOwner(source: string, field: 'run_id' | 'model_id'): Error {
  return invalid(
    `Invalid model version source: '${source}'. The ${field} request parameter must identify the resource that contains the source.`,
  );
}

/** The path of an address, decoded. */
function safePath(source: string): string {
  const text = unescaped(source);
  const after = text.slice(text.indexOf(':') + 1);
  const path = after.replace(/^\/\/[^/]*/, '').replace(/[?#].*$/, '');
  const plain = path.replace(/\/+/g, '/').replace(/\/$/, '');
  const escapes = text.includes('\0') || text.split('/').includes('..');
  if (escapes || (plain !== '' && posix.resolve('/', plain) !== posix.join('/', plain))) {
    throw invalid(
      `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
    );
  }
  return plain;
}

/** Decodes percent signs until none are left: what is hidden twice is found too. */
function unescaped(text: string): string {
  let before = text;
  for (let round = 0; round < 10; round += 1) {
    let after: string;
    try {
      after = decodeURIComponent(before.replaceAll('+', ' '));
    } catch {
      return before;
    }
    if (after === before) return after;
    before = after;
  }
  return before;
}
