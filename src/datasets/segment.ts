import { createHash } from 'node:crypto';
import type { DatasetFile } from './dataset-version.ts';
import { formatOf } from './file-format.ts';

/** Files merged into one; as many as keeps both the unmerged rest and the number of segments small. */
export const SEGMENT_FILES = 64;
/** Larger files are quick to read as they are. */
const SMALL_BYTES = 4 << 20;

export type Segment = {
  fromSequence: number;
  toSequence: number;
  files: number;
  filesDigest: string;
  digest: DatasetFile['digest'];
};

/** What is read for files: a file itself, or a segment in the place of those inside it. */
export type Stored = Pick<DatasetFile, 'path' | 'digest' | 'columns'>;

type Placed = Pick<DatasetFile, 'addedSequence' | 'digest'>;

export function digestOfFiles(files: readonly Placed[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.addedSequence} ${file.digest}\n`);
  return hash.digest('hex');
}

/**
 * Of files in their order of arrival the first that can be merged, at most `SEGMENT_FILES`: small parquet files of the
 * same columns, next to each other. `until` is the sequence up to which nothing is left to merge then.
 */
export function planSegment(files: readonly DatasetFile[]): {
  files: DatasetFile[];
  until: number;
} | null {
  const run: DatasetFile[] = [];
  let until = 0;
  for (const file of files) {
    if (file.rows === 0) continue;
    const [before] = run;
    if (!isSmall(file) || (before && !sameColumns(before, file))) {
      if (run.length > 1) return { files: run, until };
      run.length = 0;
      if (!isSmall(file)) {
        until = file.addedSequence;
        continue;
      }
    }
    run.push(file);
    until = file.addedSequence;
    if (run.length === SEGMENT_FILES) return { files: run, until };
  }
  return null;
}

/** `files` (in order of arrival) with every segment whose files are all among them in their place. */
export function coverFiles(files: readonly DatasetFile[], segments: readonly Segment[]): Stored[] {
  const covered: Stored[] = [];
  let at = 0;
  for (const segment of segments) {
    while (at < files.length && (files[at]?.addedSequence ?? 0) < segment.fromSequence) {
      covered.push(files[at] as DatasetFile);
      at += 1;
    }
    const [first] = files.slice(at, at + 1);
    const inside = files.slice(at, at + segment.files);
    const whole =
      inside.length === segment.files &&
      first?.addedSequence === segment.fromSequence &&
      inside.at(-1)?.addedSequence === segment.toSequence &&
      digestOfFiles(inside) === segment.filesDigest;
    if (!whole || !first) continue;
    covered.push({ path: first.path, digest: segment.digest, columns: first.columns });
    at += segment.files;
  }
  covered.push(...files.slice(at));
  return covered;
}

function isSmall(file: DatasetFile): boolean {
  return (
    file.sizeBytes <= SMALL_BYTES &&
    formatOf(file.path) === 'parquet' &&
    !file.path.toLowerCase().endsWith('.gz')
  );
}

function sameColumns(a: DatasetFile, b: DatasetFile): boolean {
  return a.columns === b.columns || JSON.stringify(a.columns) === JSON.stringify(b.columns);
}
