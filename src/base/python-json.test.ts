import { expect, it } from 'vitest';
import { parsePythonJson } from './python-json.ts';

it('reads what Python writes: numbers JSON does not have are null, texts stay', () => {
  const text =
    '{"data": [[NaN, -Infinity, Infinity, 1.5, "NaN", "a \\"NaN, b"], ["NaN\\\\", NaN]]}';
  expect(parsePythonJson(text)).toEqual({
    data: [
      [null, null, null, 1.5, 'NaN', 'a "NaN, b'],
      ['NaN\\', null],
    ],
  });
  expect(() => parsePythonJson('{"a": NaNs}')).toThrow(SyntaxError);
});
