import { createHash, hash, randomUUID } from 'node:crypto';
import { constants, createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../base/app-error.ts';
import { mapLimited } from '../../base/map-limited.ts';
import type { BlobStore, Digest, StoredBlob } from './blob-store.ts';

/** Files stored at once. */
const AT_ONCE = 8;
/** Files below are read once into memory; larger ones are copied by the file system and hashed as a stream. */
const SMALL_BYTES = 256 * 1024;

/** Bytes whose name is known; `temporary` holds them, synced, unless the store has them already. */
type Staged = { stored: StoredBlob; temporary: string | null };

/** Blobs as files `sha256/ab/cdef…` under a folder: written to `tmp/`, synced, renamed into place. */
export async function openFileBlobStore(root: string): Promise<BlobStore> {
  const staging = join(root, 'tmp');
  const shards = join(root, 'sha256');
  await mkdir(staging, { recursive: true });
  await mkdir(shards, { recursive: true });
  await syncFolder(root);
  const made = new Set<string>();
  const entries = unsyncedFolders();

  const pathOf = (digest: Digest): string => {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined)
      throw new AppError('BLOB_MISSING', `"${digest}" is not a SHA-256 digest.`);
    return join(shards, hex.slice(0, 2), hex.slice(2));
  };

  const publish = async (staged: readonly Staged[]): Promise<void> => {
    const touched = new Set<string>();
    await mapLimited(staged, AT_ONCE, async ({ stored, temporary }) => {
      const target = pathOf(stored.digest);
      const folder = dirname(target);
      if (existsSync(target)) {
        if (temporary !== null) await rm(temporary, { force: true });
        // Another writer has renamed it and may not have synced the folder yet: its name is not durable before.
        entries.touchIfOpen(folder, touched);
        entries.touchIfOpen(shards, touched);
        return;
      }
      if (temporary === null)
        throw new AppError('BLOB_MISSING', `The blob ${stored.digest} was taken away.`);
      if (made.has(folder)) entries.touchIfOpen(shards, touched);
      else {
        entries.touch(shards, touched);
        await mkdir(folder, { recursive: true });
        made.add(folder);
      }
      entries.touch(folder, touched);
      await rename(temporary, target);
    });
    await mapLimited([...touched], AT_ONCE, async (folder) => {
      await syncFolder(folder);
      entries.synced(folder);
    });
  };

  const stageBytes = async (content: Uint8Array, temporary: string): Promise<Staged> => {
    const digest: Digest = `sha256:${hash('sha256', content, 'hex')}`;
    const stored = { digest, sizeBytes: content.length };
    if (existsSync(pathOf(digest))) return { stored, temporary: null };
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return { stored, temporary };
  };

  const stageFile = async (path: string, temporary: string): Promise<Staged> => {
    const content = await readSmall(path);
    if (content !== undefined) return stageBytes(content, temporary);
    await copyFile(path, temporary, constants.COPYFILE_FICLONE);
    const stored = await hashFile(temporary);
    if (!existsSync(pathOf(stored.digest))) await syncFile(temporary);
    return { stored, temporary };
  };

  const stageStream = async (content: Readable, temporary: string): Promise<Staged> => {
    const { through, result } = hashing();
    await pipeline(content, through, createWriteStream(temporary));
    const stored = result();
    if (!existsSync(pathOf(stored.digest))) await syncFile(temporary);
    return { stored, temporary };
  };

  /** Stages every item under a name of its own, then publishes them together; a failure leaves no temporary file. */
  const store = async <T>(
    items: readonly T[],
    stage: (item: T, temporary: string) => Promise<Staged>,
  ): Promise<StoredBlob[]> => {
    const names: string[] = [];
    try {
      const staged = await mapLimited(items, AT_ONCE, (item) => {
        const temporary = join(staging, randomUUID());
        names.push(temporary);
        return stage(item, temporary);
      });
      await publish(staged);
      return staged.map((entry) => entry.stored);
    } catch (error) {
      for (const name of names) await rm(name, { force: true });
      throw diskError(error);
    }
  };

  const one = async <T>(
    item: T,
    stage: (item: T, temporary: string) => Promise<Staged>,
  ): Promise<StoredBlob> => {
    const [stored] = await store([item], stage);
    if (!stored) throw new AppError('INTERNAL', 'A blob was stored without a name.');
    return stored;
  };

  return {
    put(content) {
      if (content instanceof Readable) return one(content, stageStream);
      return one(typeof content === 'string' ? Buffer.from(content) : content, stageBytes);
    },
    putFile: (path) => one(path, stageFile),
    putFiles: (paths) => store(paths, stageFile),
    has: (digest) => Promise.resolve(existsSync(pathOf(digest))),
    async *list() {
      for (const shard of (await readdir(shards)).sort()) {
        for (const name of (await readdir(join(shards, shard))).sort()) {
          const { size } = await stat(join(shards, shard, name));
          yield { digest: `sha256:${shard}${name}`, sizeBytes: size };
        }
      }
    },
    async read(digest) {
      const path = pathOf(digest);
      const content = await readFile(path).catch((error: unknown) => {
        throw missing(digest, error);
      });
      const actual = createHash('sha256').update(content).digest('hex');
      if (`sha256:${actual}` !== digest) {
        throw new AppError(
          'BLOB_CORRUPT',
          `The blob ${digest} has other bytes than its name says.`,
        );
      }
      return content;
    },
    async stream(digest) {
      const path = pathOf(digest);
      await stat(path).catch((error: unknown) => {
        throw missing(digest, error);
      });
      return createReadStream(path);
    },
    async localPath(digest) {
      const path = pathOf(digest);
      await stat(path).catch((error: unknown) => {
        throw missing(digest, error);
      });
      return path;
    },
  };
}

/** SHA-256 and size of a file, streamed. */
export async function hashFile(path: string): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes };
}

function hashing(): { through: Transform; result(): StoredBlob } {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  return { through, result: () => ({ digest: `sha256:${hash.digest('hex')}`, sizeBytes }) };
}

/** The bytes of a small file, undefined for a larger one. */
async function readSmall(path: string): Promise<Uint8Array | undefined> {
  const handle = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(SMALL_BYTES);
    let length = 0;
    // A read may give less than there is; only one without bytes is the end.
    while (length < SMALL_BYTES) {
      const { bytesRead } = await handle.read(buffer, length, SMALL_BYTES - length, null);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

/**
 * Folders with entries that a crash may still take away, by how many writers have not synced theirs yet. A writer
 * touches a folder before its rename; a failed one leaves it open, so that the next to need it syncs it.
 */
function unsyncedFolders(): {
  touch(folder: string, touched: Set<string>): void;
  touchIfOpen(folder: string, touched: Set<string>): void;
  synced(folder: string): void;
} {
  const writers = new Map<string, number>();
  const touch = (folder: string, touched: Set<string>): void => {
    if (touched.has(folder)) return;
    touched.add(folder);
    writers.set(folder, (writers.get(folder) ?? 0) + 1);
  };
  return {
    touch,
    touchIfOpen(folder, touched) {
      if (writers.has(folder)) touch(folder, touched);
    },
    synced(folder) {
      const left = (writers.get(folder) ?? 0) - 1;
      if (left > 0) writers.set(folder, left);
      else writers.delete(folder);
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function missing(digest: Digest, cause: unknown): unknown {
  if ((cause as { code?: string }).code !== 'ENOENT') return cause;
  return new AppError('BLOB_MISSING', `The blob ${digest} is not in the store.`, { cause });
}

function diskError(error: unknown): unknown {
  if ((error as { code?: string }).code !== 'ENOSPC') return error;
  return new AppError('DISK_FULL', 'A blob could not be written: the disk is full.', {
    cause: error,
  });
}
