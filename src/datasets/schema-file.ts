import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Document } from 'yaml';
import { AppError } from '../base/app-error.ts';
import type { Project } from '../context.ts';
import { parseYaml } from './parse-yaml.ts';
import { datasetSchema, type DatasetSchema } from './schema.ts';

export type StoredSchema = { path: string; digest: string; schema: DatasetSchema };

const read = new Map<string, { stamp: string; stored: StoredSchema }>();

/** The schema file of a project; read again only when the file has changed. Throws `SCHEMA_MISSING`, `SCHEMA_FILE_INVALID`. */
export async function readSchema(project: Project, path: string): Promise<StoredSchema> {
  const file = join(project.code().dir, path);
  const info = await stat(file, { bigint: true }).catch(() => undefined);
  if (!info) throw new AppError('SCHEMA_MISSING', `There is no schema file "${path}".`);
  const stamp = `${info.mtimeNs}:${info.size}:${info.ino}`;
  const known = read.get(file);
  if (known?.stamp === stamp) return known.stored;
  const text = await readFile(file, 'utf8');
  const schema = parseYaml(text, {
    path,
    schema: datasetSchema,
    code: 'SCHEMA_FILE_INVALID',
    words: WORDS,
  });
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const stored = { path, digest, schema };
  read.set(file, { stamp, stored });
  return stored;
}

/** The schema of a dataset if it names one and the file exists; a broken file still throws. */
export async function findSchema(
  project: Project,
  path: string | undefined,
): Promise<StoredSchema | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readSchema(project, path);
  } catch (error) {
    if (error instanceof AppError && error.code === 'SCHEMA_MISSING') return undefined;
    throw error;
  }
}

/** YAML of a schema, one column a line, for review in git. */
export function schemaText(schema: DatasetSchema, comment: string): string {
  const document = new Document(schema);
  document.commentBefore = comment
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n');
  for (const name of Object.keys(schema.columns)) {
    const node = document.getIn(['columns', name], true) as { flow?: boolean } | undefined;
    if (node) node.flow = true;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

const WORDS = [
  'rondo-schema',
  'unexpected_columns',
  'columns',
  'type',
  'optional',
  'max_missing',
  'domain',
  'min_domain_mass',
  'min',
  'max',
  'absent_in',
];
