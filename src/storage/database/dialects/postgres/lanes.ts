import { Socket } from 'node:net';
import pg from 'pg';
import { AppError } from '../../../../base/app-error.ts';
import type { PostgresTarget } from './connection-options.ts';
import {
  describeConnectError,
  describeStatementError,
  isLost,
  isPassing,
} from './describe-error.ts';

/** Advisory locks of one database: writers take turns, and one server owns it. The class is "rond" in ASCII. */
export const LOCK_CLASS = 0x726f6e64;
export const WRITER_LOCK = 1;
export const SERVER_LOCK = 2;

/** How long an operation waits for a database that is away: a restart of it is shorter. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

/** A transaction with the writers' turn; `id` tells afterwards whether it was committed. */
export type WriterTransaction = { client: pg.PoolClient; id: string };

export type Lanes = {
  shown: string;
  /** A connection for one statement that only reads. */
  reader(): Promise<pg.PoolClient>;
  /** Begins a transaction when it is this one's turn: like on SQLite, no two write at once. */
  beginWriter(): Promise<WriterTransaction>;
  /** Gives the turn on; `broken` throws the connection away. */
  endWriter(transaction: WriterTransaction, broken: boolean): void;
  /** After a connection was lost during `commit`: whether the server had done it. */
  wasCommitted(transaction: WriterTransaction): Promise<boolean>;
  /** Calls back when the transaction open now has ended, or soon when none is. */
  afterCommit(run: () => void): void;
  close(): Promise<void>;
};

/**
 * Two sets of connections: several that read, and one that writes. Everything that writes goes through the one, and
 * takes an advisory lock first, so that transactions come one after another in this process and across processes. The
 * stores rely on that order: what a transaction has read stays so until it ends, and positions are given in order of commit.
 */
export function openLanes(target: PostgresTarget): Lanes {
  const sockets = new Set<Socket>();
  const readers = poolOf(target, target.readers, sockets);
  const writer = poolOf(target, 1, sockets);
  let waiting: (() => void)[] | undefined;

  const connect = async (pool: pg.Pool): Promise<pg.PoolClient> =>
    patiently(() => pool.connect(), target.shown);

  const lanes: Lanes = {
    shown: target.shown,
    reader: () => connect(readers),
    beginWriter: () =>
      patiently(async () => {
        const client = await writer.connect();
        try {
          const results = (await client.query(
            `begin; select pg_advisory_xact_lock(${LOCK_CLASS}, ${WRITER_LOCK}); select pg_current_xact_id()::text as id`,
          )) as unknown as pg.QueryResult<{ id: string }>[];
          waiting = [];
          return { client, id: results[2]?.rows[0]?.id ?? '' };
        } catch (error) {
          client.release(true);
          throw isLost(error) ? error : describeStatementError(error, target.shown);
        }
      }, target.shown),
    endWriter(transaction, broken) {
      const told = waiting ?? [];
      waiting = undefined;
      transaction.client.release(broken);
      for (const run of told) setImmediate(run);
    },
    wasCommitted: (transaction) => outcomeOf(lanes, transaction.id),
    afterCommit(run) {
      if (waiting) waiting.push(run);
      else setImmediate(run);
    },
    async close() {
      await Promise.all([readers.end(), writer.end()]);
      // One that failed while it asked for a password is left open by the driver.
      for (const socket of sockets) socket.destroy();
    },
  };
  return lanes;
}

function poolOf(target: PostgresTarget, max: number, sockets: Set<Socket>): pg.Pool {
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const pool = new pg.Pool({ ...target.config, stream, max, idleTimeoutMillis: 60_000 });
  // An idle connection that ends is replaced at the next need of one.
  pool.on('error', () => undefined);
  // One in use tells its loss by the statement under way or the next; unheard, this event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Tries again while the database is away for a moment. Throws why it stays away. */
async function patiently<T>(attempt: () => Promise<T>, shown: string): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || performance.now() > until) throw describeConnectError(error, shown);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Asks the server what became of a transaction; it may still be at it. */
async function outcomeOf(lanes: Lanes, id: string): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  let state: string | null = null;
  do {
    try {
      const client = await lanes.reader();
      try {
        const { rows } = await client.query<{ state: string | null }>(
          'select pg_xact_status($1::text::xid8) as state',
          [id],
        );
        state = rows[0]?.state ?? null;
      } finally {
        client.release();
      }
      if (state === 'committed') return true;
      if (state === 'aborted') return false;
    } catch (error) {
      if (!(error instanceof AppError) && !isLost(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (performance.now() < until);
  throw new AppError(
    'DATABASE_LOST',
    `The connection to ${lanes.shown} was lost while a change was being stored; whether it was stored is not known.`,
    { help: 'Look whether the change is there before you try again.' },
  );
}
