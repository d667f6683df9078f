import { AppError } from '../base/app-error.ts';

/** A file in the archive; the body has exactly `sizeBytes`. */
export type ArchiveFile = {
  path: string;
  sizeBytes: number;
  body: Uint8Array | AsyncIterable<Uint8Array>;
};

const BLOCK = 512;
const LARGEST_OCTAL = 8 ** 11 - 1;

/** Writes a POSIX tar archive (ustar; sizes from 8 GiB on as GNU tar does), so that any machine can look into it. */
export async function* writeArchive(
  files: AsyncIterable<ArchiveFile>,
  modifiedMs: number,
): AsyncGenerator<Uint8Array> {
  for await (const file of files) {
    yield headerOf(file, modifiedMs);
    let written = 0;
    const body = file.body instanceof Uint8Array ? [file.body] : file.body;
    for await (const chunk of body) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== file.sizeBytes) {
      throw new AppError(
        'INTERNAL',
        `${file.path} has ${written} bytes where ${file.sizeBytes} were announced.`,
      );
    }
    const rest = written % BLOCK;
    if (rest > 0) yield new Uint8Array(BLOCK - rest);
  }
  yield new Uint8Array(2 * BLOCK);
}

function headerOf(file: ArchiveFile, modifiedMs: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  const [prefix, name] = splitPath(file.path);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (file.sizeBytes <= LARGEST_OCTAL) {
    header.write(`${file.sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  } else {
    header.writeUInt8(0x80, 124);
    header.writeBigUInt64BE(BigInt(file.sizeBytes), 128);
  }
  header.write(
    `${Math.floor(modifiedMs / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  );
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar', 257);
  header.write('00', 263);
  header.write(prefix, 345);
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Names of more than 100 bytes are cut at a slash: up to 155 bytes before it, up to 100 after. */
function splitPath(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return [prefix, name];
  }
  throw new AppError('INTERNAL', `The path ${path} is too long for a backup.`);
}

/** Sum of the header's bytes with the field of the sum itself as blanks. */
function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
}

/**
 * Reads an archive that `writeArchive` wrote, file by file; what the caller leaves of a body is skipped. Throws
 * `BACKUP_INVALID` where it is cut off or is none.
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Omit<ArchiveFile, 'body'> & { body: AsyncGenerator<Uint8Array> }> {
  const reader = byteReader(source);
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const text = (from: number, length: number): string =>
      header
        .subarray(from, from + length)
        .toString('utf8')
        .replace(/\0.*$/s, '');
    if (text(257, 5) !== 'ustar' || Number.parseInt(text(148, 6), 8) !== checksumOf(header)) {
      throw new AppError('BACKUP_INVALID', 'This is not a backup of Rondo, or it was changed.');
    }
    const sizeBytes =
      (header[124] ?? 0) === 0x80
        ? Number(header.readBigUInt64BE(128))
        : Number.parseInt(text(124, 12), 8);
    const prefix = text(345, 155);
    const body = reader.upTo(sizeBytes);
    yield { path: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, sizeBytes, body };
    for await (const left of body) void left;
    await reader.exactly((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
  }
  await reader.exactly(BLOCK);
}

type ByteReader = {
  /** That many bytes at once. */
  exactly(length: number): Promise<Buffer>;
  /** That many bytes in pieces as they come. */
  upTo(length: number): AsyncGenerator<Uint8Array>;
};

function byteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<void> => {
    const next = await chunks.next();
    if (next.done === true) {
      throw new AppError('BACKUP_INVALID', 'The backup is cut off: it ends before its end.');
    }
    rest = next.value;
  };
  const take = (most: number): Uint8Array => {
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    return taken;
  };
  return {
    async exactly(length) {
      const parts: Uint8Array[] = [];
      for (let missing = length; missing > 0;) {
        if (rest.length === 0) await more();
        const part = take(missing);
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
    async *upTo(length) {
      for (let missing = length; missing > 0;) {
        if (rest.length === 0) await more();
        const part = take(missing);
        missing -= part.length;
        yield part;
      }
    },
  };
}
