import { AppError } from '../../../../base/app-error.ts';

type Fault = Error & { code?: string };

const LOST = new Set([
  '57P01', // terminated by an administrator
  '57P02', // the server crashed
  '57P03', // the server is starting up or shutting down
  '25P03', // idle in a transaction for too long
  '25P04',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);
const LOST_WORDS = /^Connection terminated|is not queryable|^Query read timeout|socket hang up/;

/** Whether the connection is gone, and with it whatever was open on it. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', message } = error as Fault;
  return LOST.has(code) || code.startsWith('08') || LOST_WORDS.test(message);
}

/** Whether another attempt to connect may go well by itself: the server restarts, or is full for a moment. */
export function isPassing(error: unknown): boolean {
  return isLost(error) || (error as Fault).code === '53300';
}

/** What went wrong with a statement, in Rondo's words where the caller can do something about it. */
export function describeStatementError(error: unknown, shown: string): unknown {
  const { code } = error as Fault;
  if (isLost(error)) {
    return new AppError('DATABASE_LOST', `The connection to ${shown} was lost.`, { cause: error });
  }
  if (code === '53100') {
    return new AppError(
      'DISK_FULL',
      `The database ${shown} could not be written: its disk is full.`,
      {
        help: 'Free space on the disk of the database server, then try again.',
        cause: error,
      },
    );
  }
  if (code === '57014' || code === '55P03') {
    return new AppError(
      'DATABASE_BUSY',
      code === '57014'
        ? `A statement on ${shown} took too long and was cancelled.`
        : `Another transaction on ${shown} held its locks for too long.`,
      { cause: error },
    );
  }
  if (code === '42501') {
    return new AppError('DATABASE_REFUSED', `${shown} refuses: ${(error as Fault).message}.`, {
      cause: error,
    });
  }
  return error;
}

/** Why no connection could be made, with what to try. */
export function describeConnectError(error: unknown, shown: string): unknown {
  if (error instanceof AppError) return error;
  const { code = '', message } = error as Fault;
  switch (code) {
    case '28P01':
    case '28000':
      return new AppError('DATABASE_REFUSED', `${shown} refuses the connection: ${message}.`, {
        cause: error,
      });
    case '3D000':
      return new AppError('DATABASE_MISSING', `There is no database at ${shown}.`, {
        cause: error,
      });
    case '53300':
      return new AppError('DATABASE_UNREACHABLE', `${shown} has no free connection.`, {
        help: 'Raise max_connections of the server, or lower pool=8 in the URL.',
        cause: error,
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AppError('DATABASE_UNREACHABLE', `${shown}: the host has no address.`, {
        cause: error,
      });
    default:
      break;
  }
  if (/does not support SSL|certificate|self-signed|tls|ssl/i.test(message)) {
    return new AppError('DATABASE_UNREACHABLE', `${shown}: no TLS connection: ${message}.`, {
      help: 'Give the certificate by sslrootcert=FILE in the URL, or choose another sslmode (disable, require, verify-ca, verify-full).',
      cause: error,
    });
  }
  if (/password must be a string|client password/i.test(message)) {
    return new AppError('DATABASE_REFUSED', `${shown} asks for a password and none was given.`, {
      cause: error,
    });
  }
  if (isLost(error) || code !== '' || /timeout/i.test(message)) {
    return new AppError(
      'DATABASE_UNREACHABLE',
      `${shown} does not answer${message === '' ? '' : `: ${message}`}.`,
      { cause: error },
    );
  }
  return error;
}
