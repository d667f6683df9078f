/**
 * JSON as Python's `json` and pandas write it: with bare `NaN` and `Infinity`, which JSON does not have. They become
 * null. Throws SyntaxError as JSON.parse does.
 */
export function parsePythonJson(text: string): unknown {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : 'null',
    ),
  );
}
