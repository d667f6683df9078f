import type { OutputTensor } from '../loaded-model.ts';
import { datatypes, type Datatype, type TensorData } from '../tensor-types.ts';

/*
 * Frames between the gateway and `python/rondo_scorer.py`, all numbers little-endian:
 *   u32 length of what follows | u8 kind | body
 * HELLO (gateway: JSON with the model and its columns; process: JSON with what the model answers)
 * ROWS    u32 sequence | u32 rows | one column after the other, in the order of the hello
 * ANSWER  u32 sequence | u32 rows | u16 tensors | each: u16 bytes of the name | name | u8 type | u32 width (0: no second dimension) | data
 * FAULT   u32 sequence | text: why this run failed; the process goes on
 * Data of a number type is the bare array. Texts are an i32 length each (-1: missing), then their UTF-8 bytes.
 */
export const HELLO = 0;
export const ROWS = 1;
export const ANSWER = 2;
export const FAULT = 3;

const TYPE_CODES: Partial<Record<Datatype, number>> = {
  FP64: 1,
  FP32: 2,
  INT64: 3,
  INT32: 4,
  BOOL: 5,
  BYTES: 6,
};
const byCode = new Map(
  Object.entries(TYPE_CODES).map(([datatype, code]) => [code, datatype as Datatype]),
);
const MAX_FRAME_BYTES = 512 * 1024 * 1024;

export type Frame = { kind: number; body: Buffer };

export function helloFrame(content: unknown): Buffer {
  return frame(HELLO, [Buffer.from(JSON.stringify(content))]);
}

/** One run's columns, each with one value a row. */
export function rowsFrame(sequence: number, columns: readonly OutputTensor[]): Buffer {
  const head = Buffer.allocUnsafe(8);
  head.writeUInt32LE(sequence, 0);
  head.writeUInt32LE(columns[0]?.shape[0] ?? 0, 4);
  return frame(ROWS, [head, ...columns.map(({ data }) => bytesOf(data))]);
}

/** The tensors of an ANSWER, and the sequence of the run they belong to. Throws when the frame is malformed. */
export function readAnswer(body: Buffer): { sequence: number; tensors: OutputTensor[] } {
  const sequence = body.readUInt32LE(0);
  const rows = body.readUInt32LE(4);
  let at = 10;
  const tensors: OutputTensor[] = [];
  for (let left = body.readUInt16LE(8); left > 0; left -= 1) {
    const nameBytes = body.readUInt16LE(at);
    const name = body.toString('utf8', at + 2, at + 2 + nameBytes);
    at += 2 + nameBytes;
    const datatype = byCode.get(body.readUInt8(at));
    if (!datatype) throw new Error(`unknown type ${body.readUInt8(at)} of output "${name}"`);
    const width = body.readUInt32LE(at + 1);
    at += 5;
    const elements = rows * Math.max(1, width);
    const { data, end } =
      datatype === 'BYTES'
        ? readTexts(body, at, elements)
        : readNumbers(body, at, { datatype, elements });
    at = end;
    tensors.push({ name, datatype, shape: width === 0 ? [rows] : [rows, width], data });
  }
  return { sequence, tensors };
}

/** Cuts a stream of bytes into frames. `push` throws when a frame is larger than any sound one. */
export function frameReader(onFrame: (frame: Frame) => void): { push(chunk: Buffer): void } {
  let parts: Buffer[] = [];
  let size = 0;
  return {
    push(chunk) {
      parts.push(chunk);
      size += chunk.length;
      while (size >= 4) {
        let first = parts[0] ?? chunk;
        if (first.length < 4) {
          first = Buffer.concat(parts);
          parts = [first];
        }
        const length = first.readUInt32LE(0);
        if (length < 1 || length > MAX_FRAME_BYTES)
          throw new Error(`a frame of ${length} bytes was announced`);
        if (size < 4 + length) return;
        const all = parts.length === 1 ? first : Buffer.concat(parts);
        const rest = all.subarray(4 + length);
        parts = rest.length > 0 ? [rest] : [];
        size = rest.length;
        onFrame({ kind: all.readUInt8(4), body: all.subarray(5, 4 + length) });
      }
    },
  };
}

function frame(kind: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 1),
    0,
  );
  head.writeUInt8(kind, 4);
  return Buffer.concat([head, ...parts]);
}

function bytesOf(data: TensorData): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const lengths = Buffer.allocUnsafe(4 * data.length);
  const texts = data.map((text, i) => {
    const bytes = text === null ? null : Buffer.from(text);
    lengths.writeInt32LE(bytes === null ? -1 : bytes.length, 4 * i);
    return bytes ?? Buffer.alloc(0);
  });
  return Buffer.concat([lengths, ...texts]);
}

function readNumbers(
  body: Buffer,
  at: number,
  { datatype, elements }: { datatype: Datatype; elements: number },
): { data: TensorData; end: number } {
  const data = datatypes[datatype].allocate(elements) as Exclude<TensorData, unknown[]>;
  const end = at + data.byteLength;
  if (end > body.length) throw new Error('the answer ends too early');
  // Copied: a typed array wants an aligned place, and the frame is a view of a shared buffer.
  new Uint8Array(data.buffer).set(body.subarray(at, end));
  return { data, end };
}

function readTexts(body: Buffer, at: number, elements: number): { data: TensorData; end: number } {
  const data: (string | null)[] = [];
  let end = at + 4 * elements;
  for (let i = 0; i < elements; i += 1) {
    const length = body.readInt32LE(at + 4 * i);
    data.push(length < 0 ? null : body.toString('utf8', end, end + length));
    end += Math.max(0, length);
  }
  return { data, end };
}
