import { join } from 'node:path';
import { AppError } from '../base/app-error.ts';
import { takeLock } from './take-lock.ts';

/**
 * Takes the data directory for this process until it ends, however it ends: the lock is the operating system's.
 * Throws `DATA_DIR_IN_USE`.
 */
export function lockDataDir(root: string): { release(): void } {
  const lock = takeLock(join(root, 'lock.db'));
  if (lock) return lock;
  throw new AppError('DATA_DIR_IN_USE', `Another Rondo works on the data directory ${root}.`);
}
