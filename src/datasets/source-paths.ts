import { matchesGlob } from 'node:path';
import type { ProjectDefinition } from '../config/project-file/project-definition.ts';

const NEVER = new Set(['.git', '.rondo', 'node_modules']);

/**
 * Tells the project's code from its data: true for paths (with `/`, relative to the project) that are neither files of a
 * dataset nor in `.git`, `.rondo` or `node_modules`.
 */
export function isCodePath(datasets: ProjectDefinition['datasets']): (path: string) => boolean {
  const sources = Object.values(datasets).flatMap(({ source }) =>
    typeof source.path === 'string' ? [source.path] : [],
  );
  return (path) =>
    !path.split('/').some((part) => NEVER.has(part)) &&
    !sources.some(
      (pattern) => matchesGlob(path, pattern) || path.startsWith(`${pattern.replace(/\/$/, '')}/`),
    );
}
