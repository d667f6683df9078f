import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownersOf, safePath } from './artifact-path.ts';

const part = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    '%2e%2e',
    '%252e%252e',
    '..%2f',
    '%2f',
    'a',
    'artifacts',
    '0',
    '\\',
  ),
  fc.string({ maxLength: 5 }),
);
/** What a path means once every layer of encoding is taken off. */
function bare(path: string): string {
  let text = path;
  for (let round = 0; round < 20; round += 1) {
    try {
      text = decodeURIComponent(text);
    } catch {
      return text;
    }
  }
  return text;
}

test('no path that is taken leads out, in any spelling', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const given = parts.join('/');
      let taken: string;
      try {
        taken = safePath(given);
      } catch {
        return;
      }
      for (const seen of [taken, bare(taken), bare(taken).replaceAll('\\', '/')]) {
        expect(posix.normalize(`/root/${seen}`).startsWith('/root')).toBe(true);
        expect(seen.split('/')).not.toContain('..');
      }
      expect(safePath(taken)).toBe(taken);
    }),
    { numRuns: 3000 },
  );
});

test('ordinary names stay as they are', () => {
  for (const path of ['a.txt', 'a/b/c d.bin', 'größe/π.txt', '100%', 'a..b/...c', '.hidden'])
    expect(safePath(path)).toBe(path);
  expect(safePath('a//b/./c/')).toBe('a/b/c');
  for (const path of [
    '../a',
    'a/../b',
    '/a',
    'C:\\a',
    'c:a',
    'a\\b',
    'a#b',
    'a\u0000b',
    '%2e%2e/a',
  ])
    expect(() => safePath(path), path).toThrow('Invalid path');
});

test('a path belongs to whoever stands before a folder called artifacts', () => {
  expect(ownersOf('3/run/artifacts/model/artifacts/x')).toEqual([
    { ownerId: 'run', root: 'mlflow-artifacts:/3/run/artifacts', inside: 'model/artifacts/x' },
    { ownerId: 'model', root: 'mlflow-artifacts:/3/run/artifacts/model/artifacts', inside: 'x' },
  ]);
  expect(ownersOf('3/models/m-1/artifacts')).toEqual([
    { ownerId: 'm-1', root: 'mlflow-artifacts:/3/models/m-1/artifacts', inside: '' },
  ]);
  expect(ownersOf('artifacts/x')).toEqual([]);
});
