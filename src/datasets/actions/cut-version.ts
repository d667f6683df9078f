import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import type { DatasetVersionRow } from '../../storage/database/tables/datasets.ts';
import type { DatasetFile, DatasetVersion } from '../dataset-version.ts';
import {
  filesAt,
  findDatasetRow,
  findVersion,
  insertVersion,
  latestVersion,
  toVersion,
} from '../dataset-store.ts';
import { digestFiles } from '../digest-files.ts';
import { findDataset } from '../find-dataset.ts';
import {
  describeProfile,
  emptyProfile,
  mergeProfiles,
  type PartialProfile,
  type Profile,
} from '../profile.ts';
import { profileFiles } from '../profile-files.ts';
import type { Column } from '../schema.ts';
import { scanSource } from './scan-source.ts';

export type CutResult = { kind: 'created' | 'unchanged'; version: DatasetVersion };
type CutContext = Pick<
  Context,
  'db' | 'blobs' | 'analytics' | 'clocks' | 'ids' | 'bus' | 'project'
>;

/**
 * Names the present files of a dataset as a version. The same content is the same version. A version that holds a
 * quarantined file is `invalid`; rows, columns and profile are those of the accepted files. Throws `DATASET_EMPTY`.
 */
export async function cutVersion(
  ctx: CutContext,
  input: { dataset: string; actor?: string },
): Promise<CutResult> {
  const definition = findDataset(ctx.project, input.dataset);
  let row = await findDatasetRow(ctx.db, input.dataset);
  if (typeof row?.scanned_at_ms !== 'number') {
    // A run may come before the first look at the source has ended.
    await scanSource(ctx, input);
    row = await findDatasetRow(ctx.db, input.dataset);
  }
  const previous = await latestVersion(ctx.db, input.dataset);
  if (previous && previous.sequence === row?.sequence)
    return { kind: 'unchanged', version: previous };
  const sequence = row?.sequence ?? 0;
  const files = await filesAt(ctx.db, { dataset: input.dataset, sequence });
  if (files.length === 0) {
    throw new AppError(
      'DATASET_EMPTY',
      `Dataset "${input.dataset}" has no files: nothing matches ${String(definition.source.path)}.`,
    );
  }
  const digest = digestFiles(files);
  const same = await findVersion(ctx.db, input.dataset, digest);
  if (same) return { kind: 'unchanged', version: same };
  const parts = await profileFiles(ctx, { dataset: input.dataset, files });
  const columns = columnsOf(files);
  const partial = merge(parts);
  const added = previous
    ? merge(parts.filter((part) => part.fromSequence > previous.sequence))
    : null;
  const profile: Profile = {
    rows: partial.rows,
    columns: describeProfile(partial, columns),
    partial,
    added,
  };
  const { digest: profileDigest } = await ctx.blobs.put(JSON.stringify(profile));
  const version = versionRow({
    dataset: input.dataset,
    sequence,
    digest,
    files,
    columns,
    profileDigest,
    previous,
  });
  version.created_at_ms = ctx.clocks.calendar.nowMs();
  return record(ctx, version, input.actor ?? 'auto');
}

async function record(ctx: CutContext, row: DatasetVersionRow, actor: string): Promise<CutResult> {
  return ctx.db.transaction().execute(async (tx) => {
    const latest = await latestVersion(tx, row.dataset);
    const numbered = { ...row, number: (latest?.number ?? 0) + 1 };
    if (!(await insertVersion(tx, numbered))) {
      const there = await findVersion(tx, row.dataset, row.digest);
      if (there) return { kind: 'unchanged', version: there };
      throw new AppError(
        'INTERNAL',
        `Version ${numbered.number} of "${row.dataset}" was cut twice at once; try again.`,
      );
    }
    const version = toVersion(numbered);
    await appendEvent(ctx, tx, {
      type: 'dataset.version-created',
      subject: { kind: 'dataset', id: row.dataset },
      actor,
      data: {
        dataset: row.dataset,
        number: version.number,
        digest: version.digest,
        rows: version.rows,
        newRows: version.newRows,
        files: version.fileCount,
        state: version.state,
      },
    });
    return { kind: 'created', version };
  });
}

function versionRow(input: {
  dataset: string;
  sequence: number;
  digest: Digest;
  files: readonly DatasetFile[];
  columns: Column[];
  profileDigest: Digest;
  previous: DatasetVersion | undefined;
}): DatasetVersionRow {
  const { files, previous } = input;
  const accepted = files.filter((file) => file.status === 'accepted');
  const quarantined = files.filter((file) => file.status === 'quarantined');
  const rowsOf = (some: readonly DatasetFile[]): number =>
    some.reduce((sum, file) => sum + file.rows, 0);
  const state = stateOf(files);
  return {
    dataset: input.dataset,
    number: 0,
    digest: input.digest,
    sequence: input.sequence,
    state,
    rows: rowsOf(accepted),
    new_rows: rowsOf(accepted.filter((file) => file.addedSequence > (previous?.sequence ?? 0))),
    file_count: files.length,
    quarantined_count: quarantined.length,
    size_bytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    min_event_ms: extreme(accepted, (file) => file.minEventMs, Math.min),
    max_event_ms: extreme(accepted, (file) => file.maxEventMs, Math.max),
    max_available_ms: extreme(accepted, (file) => file.maxAvailableMs, Math.max),
    columns: JSON.stringify(input.columns),
    profile_digest: input.profileDigest,
    anomalies: JSON.stringify(
      quarantined
        .flatMap((file) => file.anomalies.map((anomaly) => ({ ...anomaly, path: file.path })))
        .slice(0, 100),
    ),
    created_at_ms: 0,
  };
}

function stateOf(files: readonly DatasetFile[]): 'valid' | 'invalid' {
  return files.some((file) => file.status === 'quarantined') ? 'invalid' : 'valid';
}

function extreme(
  files: readonly DatasetFile[],
  pick: (file: DatasetFile) => number | null,
  of: (a: number, b: number) => number,
): number | null {
  let result: number | null = null;
  for (const file of files) {
    const value = pick(file);
    if (value !== null) result = result === null ? value : of(result, value);
  }
  return result;
}

/** Columns of the accepted files in the order they were first seen. */
function columnsOf(files: readonly DatasetFile[]): Column[] {
  const columns = new Map<string, Column>();
  for (const file of files) {
    if (file.status !== 'accepted') continue;
    for (const column of file.columns) columns.set(column.name, columns.get(column.name) ?? column);
  }
  return [...columns.values()];
}

function merge(parts: readonly { profile: PartialProfile }[]): PartialProfile {
  return parts.reduce((sum, part) => mergeProfiles(sum, part.profile), emptyProfile);
}
