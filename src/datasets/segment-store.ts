import type { Digest } from '../storage/blobs/blob-store.ts';
import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type { Segment } from './segment.ts';

/** Segments of a dataset that touch a range of sequences, in order. */
export async function segmentsBetween(
  db: ReadDatabase,
  dataset: string,
  range: { from: number; to: number },
): Promise<Segment[]> {
  const rows = await db
    .selectFrom('dataset_segments')
    .selectAll()
    .where('dataset', '=', dataset)
    .where('from_sequence', '>=', range.from)
    .where('from_sequence', '<=', range.to)
    .orderBy('from_sequence')
    .execute();
  return rows.map((row) => ({
    fromSequence: row.from_sequence,
    toSequence: row.to_sequence,
    files: row.files,
    filesDigest: row.files_digest,
    digest: row.digest as Digest,
  }));
}

/** The sequence after which no file of a dataset is in a segment yet. */
export async function segmentedUntil(db: ReadDatabase, dataset: string): Promise<number> {
  const row = await db
    .selectFrom('dataset_segments')
    .select('to_sequence')
    .where('dataset', '=', dataset)
    .orderBy('from_sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.to_sequence ?? 0;
}

export async function insertSegment(
  tx: Transaction,
  dataset: string,
  segment: Segment,
  nowMs: number,
): Promise<void> {
  await tx
    .insertInto('dataset_segments')
    .values({
      dataset,
      from_sequence: segment.fromSequence,
      to_sequence: segment.toSequence,
      files: segment.files,
      files_digest: segment.filesDigest,
      digest: segment.digest,
      created_at_ms: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
