import { z } from 'zod';
import type { StoredValue } from '../storage/database/snapshot.ts';

/*
 * A backup is a tar archive:
 *   rondo-backup.json             the head: what follows, and by which version it was written
 *   tables/NAME/00001.jsonl.gz    rows as JSON arrays, one a line, in the order of the primary key
 *   blobs/ab/cdef…                every blob, named by its SHA-256
 *   logs/…                        logs of attempts
 *   manifest.json                 last: counts and checksums; an archive without it is not whole
 * Nothing in it belongs to a database engine: what came from SQLite goes into PostgreSQL and back.
 */

export const HEAD_PATH = 'rondo-backup.json';
export const MANIFEST_PATH = 'manifest.json';
export const FORMAT = 1;

const tableSchema = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  rows: z.number().int(),
});

export const headSchema = z.object({
  format: z.literal(FORMAT),
  rondo: z.string(),
  createdAtMs: z.number(),
  migrations: z.array(z.string()),
  counters: z.record(z.string(), z.number()),
  tables: z.array(tableSchema),
  /** What is to come, for progress; blobs may still be added while the backup is taken. */
  expected: z.object({ rows: z.number(), blobs: z.number(), blobBytes: z.number() }),
});
export type BackupHead = z.infer<typeof headSchema>;

const sumSchema = z.object({ count: z.number(), bytes: z.number(), sha256: z.string() });

export const manifestSchema = z.object({
  /** SHA-256 over the lines of each table before compression: equal rows, equal digest, on any engine. */
  tables: z.record(z.string(), z.object({ rows: z.number(), sha256: z.string() })),
  /** SHA-256 over the lines "PATH SIZE" in the order of the archive; a blob's path says its bytes. */
  blobs: sumSchema,
  /** The same, with the bytes of each log after its line. */
  logs: sumSchema,
  /** The last link of the audit chain; null before the first event was sealed. */
  chain: z.object({ position: z.number(), hash: z.string() }).nullable(),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** JSON has no NaN and no infinity: they go as `{"number":"Infinity"}`. */
export function encodeRow(row: readonly StoredValue[]): string {
  return JSON.stringify(row, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value,
  );
}

export function decodeRow(line: string): StoredValue[] {
  const row = JSON.parse(line) as (StoredValue | { number: string })[];
  return row.map((value) =>
    typeof value === 'object' && value !== null ? Number(value.number) : value,
  );
}
