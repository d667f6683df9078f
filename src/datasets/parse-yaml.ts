import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import { nearestWord } from '../base/nearest-word.ts';

/**
 * Reads YAML by a zod schema. Throws an AppError of `code` that names file, line, column, what was expected and, for an
 * unknown word, the nearest of `words`.
 */
export function parseYaml<T>(
  text: string,
  options: { path: string; schema: z.ZodType<T>; code: ErrorCode; words?: readonly string[] },
): T {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const fail = (offset: number, message: string): never => {
    const place = counter.linePos(offset);
    throw new AppError(options.code, `${options.path}:${place.line}:${place.col}: ${message}`);
  };
  const [fault] = document.errors;
  if (fault) return fail(fault.pos[0], fault.message);
  const parsed = options.schema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0]);
  const path = issue?.path ?? [];
  if (issue?.code === 'invalid_union' && 'discriminator' in issue) {
    const place = document.getIn(path.filter(isKey));
    const given = typeof place === 'string' ? place : String(place);
    const near = nearestWord(given, options.words ?? []);
    return fail(
      offsetOf(document.contents, path),
      `${path.map(String).join('.')}: there is no ${String(path.at(-1))} "${given}"${near === undefined ? '' : `. Did you mean "${near}"?`}`,
    );
  }
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const near = key === undefined ? undefined : nearestWord(key, options.words ?? []);
  const where = [...path, ...(key === undefined ? [] : [key])].map(String).join('.');
  return fail(
    offsetOf(document.contents, key === undefined ? path : [...path, key]),
    `${where === '' ? 'the file' : where}: ${issue?.message ?? 'invalid'}${near === undefined ? '' : `. Did you mean "${near}"?`}`,
  );
}

function isKey(step: PropertyKey): step is string | number {
  return typeof step !== 'symbol';
}

type Issue = z.core.$ZodIssue;

/** Of a union that failed, the branch that came furthest says what is wrong. */
function deepest(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const branches = issue.errors.map((branch) => branch[0]).filter((branch) => branch !== undefined);
  const best = branches.toSorted((a, b) => b.path.length - a.path.length)[0];
  return best === undefined ? issue : deepest({ ...best, path: [...issue.path, ...best.path] });
}

function offsetOf(root: unknown, path: readonly PropertyKey[]): number {
  let node = root as Node | null | undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = node.items[Number(step)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
