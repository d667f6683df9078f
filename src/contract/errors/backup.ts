import type { ErrorTable } from './error-entry.ts';

export const backupErrors = {
  BACKUP_INVALID: {
    status: 400,
    exit: 5,
    help: 'The file is cut off, changed, or no backup of Rondo. Take another one.',
  },
  BACKUP_EXISTS: {
    status: 409,
    exit: 4,
    help: 'Name a file that is not there yet: a backup never replaces another.',
  },
  RESTORE_TARGET_NOT_EMPTY: {
    status: 409,
    exit: 4,
    help: 'Restore into a new data directory (--data) and an empty database (--database).',
  },
  RESTORE_UNFINISHED: {
    status: 409,
    exit: 5,
    help: 'Run "rondo restore" again with the same file and target: it clears what is there and begins anew.',
  },
} as const satisfies ErrorTable;
