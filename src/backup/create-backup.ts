import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { BlobStore } from '../storage/blobs/blob-store.ts';
import type { DatabaseSnapshot, SnapshotTable } from '../storage/database/snapshot.ts';
import { writeArchive, type ArchiveFile } from './archive.ts';
import { addFile, hashing } from './checksums.ts';
import {
  encodeRow,
  FORMAT,
  HEAD_PATH,
  MANIFEST_PATH,
  type BackupHead,
  type BackupManifest,
} from './backup-format.ts';

const compress = promisify(gzip);
/** Rows are compressed and sent in pieces of about this size: memory stays small, however large a table. */
const PART_CHARACTERS = 4 << 20;

export type BackupSource = {
  /** Opens the view of the database that the backup holds. */
  snapshot(): Promise<DatabaseSnapshot>;
  blobs: Pick<BlobStore, 'list' | 'stream'>;
  logsFolder: string;
  /** The version that writes it. */
  rondo: string;
  nowMs(): number;
};

/**
 * A whole backup as a stream of bytes, consistent while the server goes on: first the rows of one snapshot, then every
 * blob. Blobs are stored before any row names them and never change, so those listed after the snapshot was taken hold
 * all that its rows name.
 */
export async function* createBackup(source: BackupSource): AsyncGenerator<Uint8Array> {
  yield* writeArchive(filesOf(source), source.nowMs());
}

async function* filesOf(source: BackupSource): AsyncGenerator<ArchiveFile> {
  const snapshot = await source.snapshot();
  const manifest: BackupManifest = {
    tables: {},
    blobs: { count: 0, bytes: 0, sha256: '' },
    logs: { count: 0, bytes: 0, sha256: '' },
    chain: null,
  };
  try {
    yield jsonFile(HEAD_PATH, await headOf(source, snapshot));
    for (const table of snapshot.tables) yield* tableFiles(snapshot, table, manifest);
  } finally {
    await snapshot.close();
  }
  yield* summed(manifest.blobs, blobFiles(source.blobs), (file) => file.body);
  yield* summed(manifest.logs, logFiles(source.logsFolder), (file, hash) =>
    hashing(file.body, hash),
  );
  yield jsonFile(MANIFEST_PATH, manifest);
}

async function headOf(source: BackupSource, snapshot: DatabaseSnapshot): Promise<BackupHead> {
  const expected = { rows: 0, blobs: 0, blobBytes: 0 };
  for (const table of snapshot.tables) expected.rows += table.rowCount;
  for await (const blob of source.blobs.list()) {
    expected.blobs += 1;
    expected.blobBytes += blob.sizeBytes;
  }
  return {
    format: FORMAT,
    rondo: source.rondo,
    createdAtMs: source.nowMs(),
    migrations: [...snapshot.migrations],
    counters: { ...snapshot.counters },
    tables: snapshot.tables.map(({ name, columns, rowCount }) => ({
      name,
      columns: [...columns],
      rows: rowCount,
    })),
    expected,
  };
}

async function* tableFiles(
  snapshot: DatabaseSnapshot,
  table: SnapshotTable,
  manifest: BackupManifest,
): AsyncGenerator<ArchiveFile> {
  const hash = createHash('sha256');
  let [rows, part, text] = [0, 0, ''];
  const partFile = async (): Promise<ArchiveFile> => {
    hash.update(text);
    const body = await compress(text, { level: 3 });
    part += 1;
    text = '';
    const name = `${String(part).padStart(5, '0')}.jsonl.gz`;
    return { path: `tables/${table.name}/${name}`, sizeBytes: body.length, body };
  };
  for await (const batch of snapshot.rows(table)) {
    for (const row of batch) {
      text += `${encodeRow(row)}\n`;
      if (text.length >= PART_CHARACTERS) yield await partFile();
    }
    rows += batch.length;
    if (table.name === 'event_seals') manifest.chain = lastSeal(table, batch.at(-1) ?? []);
  }
  if (text !== '') yield await partFile();
  manifest.tables[table.name] = { rows, sha256: hash.digest('hex') };
}

function lastSeal(table: SnapshotTable, row: readonly unknown[]): BackupManifest['chain'] {
  const value = (column: string): unknown => row[table.columns.indexOf(column)];
  return { position: Number(value('position')), hash: String(value('hash')) };
}

async function* blobFiles(blobs: BackupSource['blobs']): AsyncGenerator<ArchiveFile> {
  for await (const { digest, sizeBytes } of blobs.list()) {
    const hex = digest.slice('sha256:'.length);
    const body = await blobs.stream(digest);
    yield { path: `blobs/${hex.slice(0, 2)}/${hex.slice(2)}`, sizeBytes, body };
  }
}

async function* logFiles(folder: string): AsyncGenerator<ArchiveFile> {
  for await (const path of filesUnder(folder)) {
    const { size } = await stat(path);
    // A log that still grows goes as far as it was at this moment.
    const body = size === 0 ? new Uint8Array(0) : createReadStream(path, { end: size - 1 });
    yield { path: `logs/${relative(folder, path).split(sep).join('/')}`, sizeBytes: size, body };
  }
}

async function* filesUnder(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/** Counts files as they pass and sums them up; `bodyOf` may add their bytes to the sum. */
async function* summed(
  sum: BackupManifest['blobs'],
  files: AsyncIterable<ArchiveFile>,
  bodyOf: (file: ArchiveFile, hash: Hash) => ArchiveFile['body'],
): AsyncGenerator<ArchiveFile> {
  const hash = createHash('sha256');
  for await (const file of files) {
    addFile(sum, hash, file);
    yield { ...file, body: bodyOf(file, hash) };
  }
  sum.sha256 = hash.digest('hex');
}

function jsonFile(path: string, content: unknown): ArchiveFile {
  const body = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  return { path, sizeBytes: body.length, body };
}
