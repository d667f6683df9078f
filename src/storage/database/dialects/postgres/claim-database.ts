import pg from 'pg';
import { AppError } from '../../../../base/app-error.ts';
import type { Claim } from '../dialect.ts';
import type { PostgresTarget } from './connection-options.ts';
import { describeConnectError } from './describe-error.ts';
import { LOCK_CLASS, SERVER_LOCK } from './lanes.ts';

/** A killed server's lock goes with its connection, which takes a moment. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 200;
const RECLAIM_MS = 1000;

/**
 * Takes the database for this server: a session's advisory lock on a connection of its own. When that connection is lost
 * the lock is taken again; `onTaken` is called when another server was quicker. Throws `DATABASE_IN_USE`.
 */
export async function claimDatabase(target: PostgresTarget, onTaken: () => void): Promise<Claim> {
  let released = false;
  let current: pg.Client | undefined;

  const hold = (client: pg.Client): void => {
    current = client;
    const lose = (): void => {
      if (released || current !== client) return;
      current = undefined;
      void client.end().catch(() => undefined);
      void reclaim();
    };
    client.on('error', lose);
    client.on('end', lose);
  };

  const reclaim = async (): Promise<void> => {
    while (!released) {
      try {
        const taken = await take(target);
        if (taken.kind === 'mine') {
          hold(taken.client);
          if (released) await taken.client.end();
        } else onTaken();
        return;
      } catch {
        // Away still; its transactions report that themselves.
      }
      await new Promise((resolve) => setTimeout(resolve, RECLAIM_MS));
    }
  };

  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const taken = await take(target);
    if (taken.kind === 'mine') {
      hold(taken.client);
      break;
    }
    if (performance.now() > until) {
      throw new AppError(
        'DATABASE_IN_USE',
        `Another Rondo server (${taken.holder}) works on ${target.shown}.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return {
    async release() {
      released = true;
      await current?.end();
    },
  };
}

type Taken = { kind: 'mine'; client: pg.Client } | { kind: 'held'; holder: string };

async function take(target: PostgresTarget): Promise<Taken> {
  const client = new pg.Client({ ...target.config, statement_timeout: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(${LOCK_CLASS}, ${SERVER_LOCK}) as mine`,
    );
    if (rows[0]?.mine === true) return { kind: 'mine', client };
    const { rows: holders } = await client.query<{ name: string; address: string | null }>(
      `select activity.application_name as name, host(activity.client_addr) as address
         from pg_locks join pg_stat_activity as activity using (pid)
        where locktype = 'advisory' and pg_locks.database = (select oid from pg_database where datname = current_database())
          and classid = ${LOCK_CLASS} and objid = ${SERVER_LOCK} and granted`,
    );
    await client.end();
    const [holder] = holders;
    return {
      kind: 'held',
      holder: holder ? `${holder.name} at ${holder.address ?? 'this machine'}` : 'just ended',
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw describeConnectError(error, target.shown);
  }
}
