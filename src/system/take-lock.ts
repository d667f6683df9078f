import { DatabaseSync } from 'node:sqlite';

export type Lock = { release(): void };

/**
 * Takes a lock between processes, held until it is released or this process ends, however it ends: an exclusive SQLite
 * transaction on a file of its own. Gives undefined while another holds it.
 */
export function takeLock(file: string): Lock | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    const { errcode } = error as { errcode?: number };
    if (errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return {
    release() {
      lock.close();
    },
  };
}

const SQLITE_BUSY = 5;
