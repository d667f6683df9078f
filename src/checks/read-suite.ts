import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { AppError } from '../base/app-error.ts';
import type { Project } from '../context.ts';
import { parseSuite, type Suite } from './suite.ts';

export type StoredSuite = Suite & { digest: string };

/** A suite of the project. Throws `CHECK_SUITE_MISSING` or `CHECK_SUITE_INVALID`. */
export async function readSuite(project: Project, path: string): Promise<StoredSuite> {
  const { dir } = project.code();
  const file = await realpath(join(dir, path)).catch(() => undefined);
  if (file === undefined || !file.startsWith((await realpath(dir)) + sep)) {
    throw new AppError('CHECK_SUITE_MISSING', `There is no suite "${path}" in the project.`);
  }
  const text = await readFile(file, 'utf8');
  return {
    ...parseSuite(text, path),
    digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  };
}
