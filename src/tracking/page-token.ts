import { AppError } from '../base/app-error.ts';

/** A token that leads to the page after the one it came with. Clients hand it back and never look inside. */
export function pageToken(position: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64');
}

/** What a page token holds; undefined without one. Throws INVALID_PARAMETER_VALUE. */
export function readPageToken(token: string | undefined): Record<string, unknown> | undefined {
  if (token === undefined || token === '') return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(token)) {
    throw new AppError('INVALID_PARAMETER_VALUE', 'Invalid page token, could not base64-decode');
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new AppError('INVALID_PARAMETER_VALUE', `Invalid page token, decoded value=${token}`);
}

/** A token that counts: for lists whose order no key gives. */
export function offsetToken(offset: number): string {
  return pageToken({ offset });
}

export function readOffset(token: string | undefined): number {
  const offset = readPageToken(token)?.offset;
  if (offset === undefined && (token === undefined || token === '')) return 0;
  if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new AppError('INVALID_PARAMETER_VALUE', 'Invalid page token, it names no offset');
}
