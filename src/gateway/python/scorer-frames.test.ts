import { expect, it } from 'vitest';
import { ANSWER, frameReader, readAnswer, rowsFrame, type Frame } from './scorer-frames.ts';

/** Takes frames apart as they come in pieces of a size. */
function cut(bytes: Buffer, size: number): Frame[] {
  const frames: Frame[] = [];
  const reader = frameReader((frame) =>
    frames.push({ kind: frame.kind, body: Buffer.from(frame.body) }),
  );
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return frames;
}

const rows = rowsFrame(7, [
  { name: 'x', datatype: 'FP64', shape: [2], data: Float64Array.of(0.5, Number.NaN) },
  { name: 'place', datatype: 'BYTES', shape: [2], data: ['Åre', null] },
  { name: 'n', datatype: 'INT64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 53n) },
]);

it.each([1, 2, 3, 5, 7, 64, 4096])('frames come whole from pieces of %i bytes', (size) => {
  const frames = cut(Buffer.concat([rows, rows, rows]), size);
  expect(frames).toHaveLength(3);
  for (const { body } of frames) expect(body).toEqual(rows.subarray(5));
});

it('columns are bare arrays and texts with their lengths, as the module of the scorer says', () => {
  const body = rows.subarray(5);
  expect([body.readUInt32LE(0), body.readUInt32LE(4)]).toEqual([7, 2]);
  expect(body.readDoubleLE(8)).toBe(0.5);
  expect(body.readDoubleLE(16)).toBeNaN();
  expect([body.readInt32LE(24), body.readInt32LE(28)]).toEqual([4, -1]);
  expect(body.toString('utf8', 32, 36)).toBe('Åre');
  expect(body.readBigInt64LE(44)).toBe(2n ** 53n);
});

it('reads an answer with numbers, texts and two dimensions', () => {
  const parts: Buffer[] = [];
  const tensor = (name: string, type: number, width: number, data: Buffer) => {
    const head = Buffer.alloc(7);
    head.writeUInt16LE(name.length, 0);
    head.writeUInt8(type, 2);
    head.writeUInt32LE(width, 3);
    parts.push(head.subarray(0, 2), Buffer.from(name), head.subarray(2), data);
  };
  tensor('p', 1, 2, Buffer.from(Float64Array.of(0.1, 0.9, 0.6, 0.4).buffer));
  const lengths = Buffer.from(Int32Array.of(-1, 2).buffer);
  tensor('word', 6, 0, Buffer.concat([lengths, Buffer.from('ja')]));
  tensor('late', 5, 0, Buffer.from([1, 0]));
  const head = Buffer.alloc(10);
  head.writeUInt32LE(9, 0);
  head.writeUInt32LE(2, 4);
  head.writeUInt16LE(3, 8);
  const { sequence, tensors } = readAnswer(Buffer.concat([head, ...parts]));
  expect(sequence).toBe(9);
  expect(tensors).toEqual([
    { name: 'p', datatype: 'FP64', shape: [2, 2], data: Float64Array.of(0.1, 0.9, 0.6, 0.4) },
    { name: 'word', datatype: 'BYTES', shape: [2], data: [null, 'ja'] },
    { name: 'late', datatype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) },
  ]);
  const short = Buffer.concat([head, ...parts]).subarray(0, 40);
  expect(() => readAnswer(short)).toThrow('ends too early');
});

it('a length no sound frame has is refused', () => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32LE(0xffff_ffff, 0);
  bytes.writeUInt8(ANSWER, 4);
  expect(() => cut(bytes, 5)).toThrow('4294967295 bytes');
});
