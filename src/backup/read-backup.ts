import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import type { StoredValue } from '../storage/database/snapshot.ts';
import { readArchive } from './archive.ts';
import {
  decodeRow,
  FORMAT,
  HEAD_PATH,
  headSchema,
  MANIFEST_PATH,
  manifestSchema,
  type BackupHead,
  type BackupManifest,
} from './backup-format.ts';
import { addFile, hashing } from './checksums.ts';

const decompress = promisify(gunzip);

/** Where the parts of a backup go, in their order. Nothing is complete before `readBackup` has resolved. */
export type BackupSink = {
  head(head: BackupHead): Promise<void>;
  rows(table: BackupHead['tables'][number], rows: StoredValue[][]): Promise<void>;
  /** Has to read the whole body. */
  blob(digest: Digest, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Has to read the whole body; `path` has no ".." in it. */
  log(path: string, body: AsyncIterable<Uint8Array>): Promise<void>;
};

export type ReadBackup = { head: BackupHead; manifest: BackupManifest };

/**
 * Reads a backup and holds every part against its checksum: rows by table, blobs by their name, and all of it against
 * the manifest at the end. Throws `BACKUP_INVALID` at the first thing that does not fit, `DATA_DIR_NEWER` for a format
 * this version does not know.
 */
export async function readBackup(
  source: AsyncIterable<Uint8Array>,
  sink: BackupSink,
): Promise<ReadBackup> {
  const found: BackupManifest = {
    tables: {},
    blobs: { count: 0, bytes: 0, sha256: '' },
    logs: { count: 0, bytes: 0, sha256: '' },
    chain: null,
  };
  const hashes = { blobs: createHash('sha256'), logs: createHash('sha256') };
  const tables = new Map<string, ReturnType<typeof createHash>>();
  let head: BackupHead | undefined;
  let manifest: BackupManifest | undefined;
  for await (const file of readArchive(source)) {
    const [kind, name = '', ...deeper] = file.path.split('/');
    if (file.path === HEAD_PATH) {
      head = await readHead(await textOf(file.body));
      await sink.head(head);
    } else if (!head || manifest) {
      throw new AppError('BACKUP_INVALID', `${file.path} stands where it does not belong.`);
    } else if (file.path === MANIFEST_PATH) {
      manifest = parsed(manifestSchema, await textOf(file.body), MANIFEST_PATH);
    } else if (kind === 'tables') {
      const table = head.tables.find((candidate) => candidate.name === name);
      if (!table) throw new AppError('BACKUP_INVALID', `The backup names no table ${name}.`);
      const text = await inflated(await bytesOf(file.body), file.path);
      const hash = tables.get(name) ?? createHash('sha256');
      tables.set(name, hash.update(text));
      const rows = text.trimEnd().split('\n').map(decodeRow);
      found.tables[name] = { rows: (found.tables[name]?.rows ?? 0) + rows.length, sha256: '' };
      await sink.rows(table, rows);
    } else if (kind === 'blobs') {
      const digest: Digest = `sha256:${name}${deeper.join('')}`;
      const hash = createHash('sha256');
      await sink.blob(digest, hashing(file.body, hash));
      if (`sha256:${hash.digest('hex')}` !== digest) {
        throw new AppError(
          'BACKUP_INVALID',
          `The blob ${digest} has other bytes than its name says.`,
        );
      }
      addFile(found.blobs, hashes.blobs, file);
    } else if (kind === 'logs' && !file.path.split('/').includes('..')) {
      addFile(found.logs, hashes.logs, file);
      await sink.log(file.path.slice('logs/'.length), hashing(file.body, hashes.logs));
    } else throw new AppError('BACKUP_INVALID', `A backup has no ${file.path}.`);
  }
  if (!head || !manifest) throw new AppError('BACKUP_INVALID', 'The backup has no manifest.');
  for (const table of head.tables) {
    const sha256 = (tables.get(table.name) ?? createHash('sha256')).digest('hex');
    found.tables[table.name] = { rows: found.tables[table.name]?.rows ?? 0, sha256 };
  }
  found.blobs.sha256 = hashes.blobs.digest('hex');
  found.logs.sha256 = hashes.logs.digest('hex');
  compare(head, manifest, found);
  return { head, manifest };
}

function compare(head: BackupHead, manifest: BackupManifest, found: BackupManifest): void {
  for (const table of head.tables) {
    const [expected, got] = [manifest.tables[table.name], found.tables[table.name]];
    if (
      expected?.sha256 !== got?.sha256 ||
      expected?.rows !== got?.rows ||
      table.rows !== got?.rows
    ) {
      throw new AppError(
        'BACKUP_INVALID',
        `The rows of ${table.name} are not those that were backed up (${got?.rows ?? 0} of ${table.rows}).`,
      );
    }
  }
  for (const part of ['blobs', 'logs'] as const) {
    if (manifest[part].sha256 !== found[part].sha256) {
      throw new AppError(
        'BACKUP_INVALID',
        `The ${part} are not those that were backed up (${found[part].count} of ${manifest[part].count}).`,
      );
    }
  }
}

async function readHead(text: string): Promise<BackupHead> {
  const { format } = JSON.parse(text) as { format?: unknown };
  if (typeof format === 'number' && format > FORMAT) {
    throw new AppError(
      'DATA_DIR_NEWER',
      `The backup was written by a newer Rondo (format ${format}).`,
      {
        help: 'Update rondo, then restore.',
      },
    );
  }
  return Promise.resolve(parsed(headSchema, text, HEAD_PATH));
}

function parsed<T>(schema: z.ZodType<T>, text: string, path: string): T {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new AppError('BACKUP_INVALID', `${path} of the backup is not what it has to be.`, {
    cause: result.error,
  });
}

async function inflated(bytes: Uint8Array, path: string): Promise<string> {
  try {
    return (await decompress(bytes)).toString('utf8');
  } catch (error) {
    throw new AppError('BACKUP_INVALID', `${path} of the backup was changed.`, { cause: error });
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return (await bytesOf(body)).toString('utf8');
}
