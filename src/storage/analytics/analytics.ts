import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';

/** Analytical SQL over files, off the event loop. */
export type Analytics = {
  /**
   * Rows of one statement as plain objects: integers up to 2^53 as numbers, timestamps as ISO text in UTC.
   * `$name` parameters are bound, never pasted into the text.
   */
  rows<T>(sql: string, parameters?: Record<string, DuckDBValue>): Promise<T[]>;
  /** One or more statements without a result. */
  run(sql: string): Promise<void>;
  /** A connection of its own with private temporary tables, closed at the end. */
  session<T>(use: (connection: AnalyticsSession) => Promise<T>): Promise<T>;
  /**
   * A second engine of this process with tables of its own and one thread: for statements over a few thousand rows,
   * where sharing the work out costs more than it saves. Opened at its first use.
   */
  small(): Promise<Analytics>;
  close(): void;
};
export type AnalyticsSession = Pick<Analytics, 'rows' | 'run'> & { connection: DuckDBConnection };

export type AnalyticsOptions = {
  path?: string;
  threads: number;
  memoryLimitMb: number;
  tempFolder?: string;
};

/**
 * Opens DuckDB in memory (`:memory:`) or on a file. No extension is ever fetched from the network, and the
 * configuration is locked, so that SQL from a project cannot change it.
 */
export async function openAnalytics(options: AnalyticsOptions): Promise<Analytics> {
  const instance = await DuckDBInstance.create(options.path ?? ':memory:', {
    threads: String(options.threads),
    memory_limit: `${options.memoryLimitMb}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
    ...(options.tempFolder === undefined ? {} : { temp_directory: options.tempFolder }),
  });
  const setup = await instance.connect();
  await setup.run("set timezone = 'UTC'");
  await setup.run('set lock_configuration = true');
  setup.closeSync();
  const idle: DuckDBConnection[] = [];
  const withConnection = async <T>(
    use: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> => {
    const connection = idle.pop() ?? (await instance.connect());
    try {
      return await use(connection);
    } finally {
      idle.push(connection);
    }
  };
  let small: Promise<Analytics> | undefined;
  let closed = false;
  return {
    small() {
      const { path: _, ...rest } = options;
      small ??= openAnalytics({ ...rest, threads: 1 });
      return small;
    },
    rows: (sql, parameters) =>
      withConnection((connection) => readRows(connection, sql, parameters)),
    run: (sql) =>
      withConnection(async (connection) => {
        await connection.run(sql);
      }),
    async session(use) {
      const connection = await instance.connect();
      try {
        return await use({
          connection,
          rows: (sql, parameters) => readRows(connection, sql, parameters),
          run: async (sql) => {
            await connection.run(sql);
          },
        });
      } finally {
        connection.closeSync();
      }
    },
    close() {
      if (closed) return;
      closed = true;
      void small?.then((engine) => {
        engine.close();
      });
      for (const connection of idle) connection.closeSync();
      instance.closeSync();
    },
  };
}

async function readRows<T>(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Record<string, DuckDBValue>,
): Promise<T[]> {
  const result = await connection.runAndReadAll(sql, parameters);
  return result.getRowObjectsJS().map((row) => {
    const plain: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(row)) plain[name] = plainValue(value);
    return plain as T;
  });
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= -9007199254740992n && value <= 9007199254740992n
      ? Number(value)
      : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  return value;
}

/** A path or text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column or table name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
