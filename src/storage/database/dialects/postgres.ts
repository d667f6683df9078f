import { Kysely, PostgresIntrospector, sql, type Dialect } from 'kysely';
import { AppError } from '../../../base/app-error.ts';
import type { Tables } from '../tables/index.ts';
import type { DatabaseDialect } from './dialect.ts';
import { claimDatabase } from './postgres/claim-database.ts';
import { readPostgresUrl } from './postgres/connection-options.ts';
import { LanesDriver } from './postgres/driver.ts';
import { openLanes, type Lanes } from './postgres/lanes.ts';
import { openPostgresSnapshot } from './postgres/snapshot.ts';
import { PortableAdapter, PortableQueryCompiler } from './postgres/portable-schema.ts';

const OLDEST = 15;

/**
 * PostgreSQL 15 and newer through `pg`. Transactions come one after another, as on SQLite, and reads run beside them;
 * text compares byte by byte; integers come back as numbers. See `postgres/lanes.ts`.
 */
export const postgresDialect: DatabaseDialect = {
  schemes: ['postgres:', 'postgresql:'],
  summary: 'PostgreSQL 15 or newer, a database of its own',
  async open(url) {
    const target = readPostgresUrl(url);
    const lanes = openLanes(target);
    try {
      await examine(lanes);
    } catch (error) {
      await lanes.close();
      throw error;
    }
    const kysely = new Kysely<Tables>({ dialect: dialectOver(lanes) });
    return {
      kysely,
      afterCommit: lanes.afterCommit,
      claim: (onTaken) => claimDatabase(target, onTaken),
      async close() {
        await kysely.destroy();
        await lanes.close();
      },
    };
  },
  snapshot: async (url) => openPostgresSnapshot(readPostgresUrl(url)),
  async setCounter(kysely, table, last) {
    const found = await sql<{ column: string }>`
      select column_name as column from information_schema.columns
       where is_identity = 'YES' and table_schema = current_schema() and table_name = ${table}
    `.execute(kysely);
    const [identity] = found.rows;
    if (!identity) return;
    const name = `"${table}"`;
    await sql`with counted as (select setval(pg_get_serial_sequence(${name}, ${identity.column}), cast(${last} as bigint)) as n) select n from counted`.execute(
      kysely,
    );
  },
};

function dialectOver(lanes: Lanes): Dialect {
  return {
    createDriver: () => new LanesDriver(lanes),
    createQueryCompiler: () => new PortableQueryCompiler(),
    createAdapter: () => new PortableAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

/** Throws DATABASE_UNSUITABLE for a server or a database that would compare or store otherwise than SQLite. */
async function examine(lanes: Lanes): Promise<void> {
  const client = await lanes.reader();
  try {
    const { rows } = await client.query<{ version: string; encoding: string }>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
    );
    const fault = unsuitable(rows[0] ?? { version: '0', encoding: '' });
    if (fault !== undefined) {
      throw new AppError('DATABASE_UNSUITABLE', `${lanes.shown} ${fault}.`);
    }
  } finally {
    client.release();
  }
}

/** Why a server of this `server_version_num`, or a database of this encoding, does not do; undefined when it does. */
export function unsuitable(found: { version: string; encoding: string }): string | undefined {
  const major = Math.floor(Number(found.version) / 10_000);
  if (major < OLDEST) return `runs PostgreSQL ${major}; Rondo needs ${OLDEST} or newer`;
  if (found.encoding !== 'UTF8') return `has the encoding ${found.encoding}; Rondo needs UTF8`;
  return undefined;
}
