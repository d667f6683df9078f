import type {
  CompiledQuery,
  DatabaseConnection,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { CompiledQuery as Compiled } from 'kysely';
import type pg from 'pg';
import { AppError } from '../../../../base/app-error.ts';
import { describeStatementError, isLost } from './describe-error.ts';
import type { Lanes, WriterTransaction } from './lanes.ts';

const RETRIES = 3;

/**
 * Kysely's driver over the lanes. A statement outside a transaction that only reads takes any reader; one that writes
 * is a transaction of its own. Both are tried again when their connection is lost, for nothing of them can be half done.
 * A transaction that loses its connection before `commit` is rolled back by the server and throws `DATABASE_LOST`; one
 * that loses it during `commit` asks the server what became of it.
 */
export class LanesDriver implements Driver {
  readonly #lanes: Lanes;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  async init(): Promise<void> {
    // Connections are made when they are needed.
  }

  acquireConnection(): Promise<LanesConnection> {
    return Promise.resolve(new LanesConnection(this.#lanes));
  }

  beginTransaction(connection: LanesConnection, settings: TransactionSettings): Promise<void> {
    return connection.begin(settings);
  }

  commitTransaction(connection: LanesConnection): Promise<void> {
    return connection.commit();
  }

  rollbackTransaction(connection: LanesConnection): Promise<void> {
    return connection.rollback();
  }

  async savepoint(connection: LanesConnection, name: string): Promise<void> {
    await connection.executeQuery(Compiled.raw(`savepoint "${name}"`));
  }

  async rollbackToSavepoint(connection: LanesConnection, name: string): Promise<void> {
    await connection.executeQuery(Compiled.raw(`rollback to savepoint "${name}"`));
  }

  async releaseSavepoint(connection: LanesConnection, name: string): Promise<void> {
    await connection.executeQuery(Compiled.raw(`release savepoint "${name}"`));
  }

  releaseConnection(connection: LanesConnection): Promise<void> {
    return connection.rollback();
  }

  destroy(): Promise<void> {
    // Kysely calls this only after a first query; who opened the lanes closes them.
    return Promise.resolve();
  }
}

class LanesConnection implements DatabaseConnection {
  readonly #lanes: Lanes;
  #transaction: WriterTransaction | undefined;
  /** Set when the transaction's connection is gone: every further statement of it says so. */
  #lost: AppError | undefined;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
  }

  async begin(_settings: TransactionSettings): Promise<void> {
    this.#lost = undefined;
    this.#transaction = await this.#lanes.beginWriter();
  }

  async commit(): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) throw this.#lost ?? new AppError('INTERNAL', 'There is no transaction.');
    try {
      const { command } = await transaction.client.query('commit');
      this.#end(false);
      if (command === 'ROLLBACK') {
        throw new AppError(
          'INTERNAL',
          'A statement of this transaction failed before; nothing was stored.',
        );
      }
    } catch (error) {
      if (!isLost(error)) throw describeStatementError(error, this.#lanes.shown);
      this.#end(true);
      if (!(await this.#lanes.wasCommitted(transaction))) throw this.#noteLoss(error);
    }
  }

  async rollback(): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) return;
    try {
      await transaction.client.query('rollback');
      this.#end(false);
    } catch {
      // Without its connection the server rolls back by itself; the first error is the one to tell.
      this.#end(true);
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#lost) throw this.#lost;
    if (!this.#transaction) return this.#executeAlone<R>(query);
    try {
      return resultOf<R>(await send(this.#transaction.client, query));
    } catch (error) {
      if (!isLost(error)) throw describeStatementError(error, this.#lanes.shown);
      this.#end(true);
      throw this.#noteLoss(error);
    }
  }

  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new AppError('INTERNAL', 'Rows are read in pages or from a snapshot, not streamed.');
  }

  async #executeAlone<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await (readsOnly(query) ? this.#read<R>(query) : this.#write<R>(query));
      } catch (error) {
        const again = isLost(error) || (error instanceof AppError && error === this.#lost);
        this.#lost = undefined;
        if (!again || attempt > RETRIES) throw describeStatementError(error, this.#lanes.shown);
      }
    }
  }

  async #read<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const client = await this.#lanes.reader();
    try {
      const result = resultOf<R>(await send(client, query));
      client.release();
      return result;
    } catch (error) {
      client.release(isLost(error));
      throw error;
    }
  }

  async #write<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await this.begin({});
    try {
      const result = await this.executeQuery<R>(query);
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  #end(broken: boolean): void {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    if (transaction) this.#lanes.endWriter(transaction, broken);
  }

  #noteLoss(cause: unknown): AppError {
    this.#lost = new AppError(
      'DATABASE_LOST',
      `The connection to ${this.#lanes.shown} was lost in the middle of a change; nothing of it was stored.`,
      { cause },
    );
    return this.#lost;
  }
}

function send(client: pg.PoolClient, query: CompiledQuery): Promise<pg.QueryResult> {
  return client.query(query.sql, query.parameters as unknown[]);
}

/** Kysely's own queries by their kind, SQL in text by its first word; what is not sure to read only counts as writing. */
function readsOnly(query: CompiledQuery): boolean {
  if (query.query.kind === 'SelectQueryNode') return true;
  return query.query.kind === 'RawNode' && /^\s*(select|show|explain)\b/i.test(query.sql);
}

function resultOf<R>(result: pg.QueryResult): QueryResult<R> {
  const changes = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(result.command);
  return {
    rows: result.rows as R[],
    ...(changes ? { numAffectedRows: BigInt(result.rowCount ?? 0) } : {}),
  };
}
