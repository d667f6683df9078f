import type { Readable } from 'node:stream';

/** `sha256:` + 64 hex digits. */
export type Digest = `sha256:${string}`;

export type StoredBlob = { digest: Digest; sizeBytes: number };

/**
 * Immutable bytes named by their SHA-256. A blob is durable before its digest is returned, so nothing ever refers to
 * bytes that a crash could take away. Variants: one file per kind of store.
 */
export type BlobStore = {
  put(content: Uint8Array | string | Readable): Promise<StoredBlob>;
  /** Stores a file of this machine, by copy-on-write where the file system can. */
  putFile(path: string): Promise<StoredBlob>;
  /**
   * The same for many files, in their order: they are copied side by side and share the syncing of folders. All are
   * durable when it returns; when one fails, some of the others may be there.
   */
  putFiles(paths: readonly string[]): Promise<StoredBlob[]>;
  has(digest: Digest): Promise<boolean>;
  /** Every blob, in the order of the digests. One stored meanwhile may be among them or not. */
  list(): AsyncIterable<StoredBlob>;
  /** The whole blob, checked against its digest. Throws `BLOB_MISSING` or `BLOB_CORRUPT`. */
  read(digest: Digest): Promise<Uint8Array>;
  stream(digest: Digest): Promise<Readable>;
  /** A path on this machine where the blob can be read (a remote store fetches it first). Never write to it. */
  localPath(digest: Digest): Promise<string>;
};
