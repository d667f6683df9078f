import { invalid } from './validate.ts';

/**
 * A path of an artifact as a client names it, in one form: parts with `/` between. Throws INVALID_PARAMETER_VALUE for
 * every spelling that could mean a place outside, also encoded ones.
 */
export function safePath(path: string): string {
  const clean = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  // What was left out may have hidden what the rest means.
  for (const text of [path, clean]) if (leadsOut(fullyDecoded(text))) throw invalid('Invalid path');
  return clean;
}

function leadsOut(path: string): boolean {
  return (
    path.includes('#') ||
    path.includes('\\') ||
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    /[\u0000-\u001f]/.test(path) ||
    path.startsWith('/') ||
    /^[a-zA-Z]:/.test(path) ||
    path.split('/').includes('..')
  );
}

function fullyDecoded(path: string): string {
  let text = path;
  for (let round = 0; round < 10; round += 1) {
    let next: string;
    try {
      next = decodeURIComponent(text);
    } catch {
      return text;
    }
    if (next === text) return text;
    text = next;
  }
  throw invalid('Invalid path');
}

/** Where a path may lead: the run or logged model it belongs to, by place of the folder `artifacts` in it. */
export function ownersOf(path: string): { ownerId: string; root: string; inside: string }[] {
  const parts = path.split('/');
  return parts.flatMap((part, index) => {
    const ownerId = parts[index - 1];
    if (part !== 'artifacts' || ownerId === undefined) return [];
    return [
      {
        ownerId,
        root: `mlflow-artifacts:/${parts.slice(0, index + 1).join('/')}`,
        inside: parts.slice(index + 1).join('/'),
      },
    ];
  });
}
