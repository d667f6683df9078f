import type { Hash } from 'node:crypto';
import type { BackupManifest } from './backup-format.ts';

/** What a file adds to the sums of a manifest by its name and size. */
export function addFile(
  sum: BackupManifest['blobs'],
  hash: Hash,
  file: { path: string; sizeBytes: number },
): void {
  sum.count += 1;
  sum.bytes += file.sizeBytes;
  hash.update(`${file.path} ${file.sizeBytes}\n`);
}

/** Passes bytes on and adds them to a hash. */
export async function* hashing(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    hash.update(chunk);
    yield chunk;
  }
}
