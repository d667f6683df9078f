import type { Kysely } from 'kysely';
import type { DatabaseSnapshot } from '../snapshot.ts';
import type { Tables } from '../tables/index.ts';

/**
 * What a database engine has to offer. One file per engine in this folder, one line in `dialects/index.ts`; everything
 * above speaks Kysely and the SQL both engines share.
 */
export type DatabaseDialect = {
  /** The URL schemes that select it: `sqlite:`, or `postgres:` and `postgresql:`. */
  schemes: readonly string[];
  summary: string;
  open(url: URL): Promise<OpenedDatabase>;
  /** One consistent view of everything stored, beside whatever is written meanwhile. */
  snapshot(url: URL): Promise<DatabaseSnapshot>;
  /** After rows with given positions: the next one is numbered above `last`. */
  setCounter(kysely: Kysely<Tables>, table: string, last: number): Promise<void>;
};

export type OpenedDatabase = {
  kysely: Kysely<Tables>;
  /** Calls back when the transaction that is open now has ended, so that who is woken finds what it committed. */
  afterCommit(run: () => void): void;
  /**
   * Takes the database for one server. `onTaken` is called when it was lost to another one. Throws `DATABASE_IN_USE`.
   */
  claim(onTaken: () => void): Promise<Claim>;
  /** Closes the connections; pending work is finished first. */
  close(): Promise<void>;
};

export type Claim = { release(): Promise<void> };
