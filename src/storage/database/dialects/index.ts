import type { DatabaseDialect } from './dialect.ts';
import { postgresDialect } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';

/** Every database engine Rondo runs on. */
export const databaseDialects: readonly DatabaseDialect[] = [sqliteDialect, postgresDialect];
