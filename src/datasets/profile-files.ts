import { mapLimited } from '../base/map-limited.ts';
import type { Context } from '../context.ts';
import type { DatasetProfilePartRow } from '../storage/database/tables/datasets.ts';
import { profileParts, replaceProfileParts } from './dataset-store.ts';
import type { DatasetFile } from './dataset-version.ts';
import { digestFiles } from './digest-files.ts';
import { mergeProfiles, emptyProfile, type PartialProfile } from './profile.ts';
import { PROFILE_FORMAT, profileRows } from './profile-rows.ts';
import { readingOf, rowsOf, withPaths } from './version-rows.ts';
import { storedFiles } from './stored-files.ts';

export type ProfilePart = {
  fromSequence: number;
  toSequence: number;
  filesDigest: string;
  profile: PartialProfile;
};
type ProfileContext = Pick<Context, 'db' | 'blobs' | 'analytics' | 'project'>;

const PART_FILES = 500;
const PART_ROWS = 1_000_000;
/** One part is read while another is planned and written down. */
const PARTS_AT_ONCE = 2;
/** Above so many parts the oldest become one, so that a version costs the same however long the history. */
const MOST_PARTS = 8;
const KEPT_PARTS = 3;

/**
 * Profiles of the accepted files, in parts by arrival. A part is computed once and kept; it is computed anew only when
 * one of its files has gone. The last parts never reach across the sequence of an earlier version.
 */
export async function profileFiles(
  ctx: ProfileContext,
  input: { dataset: string; files: readonly DatasetFile[] },
): Promise<ProfilePart[]> {
  const accepted = input.files.filter((file) => file.status === 'accepted');
  const format = await formatName(ctx);
  const stored = await profileParts(ctx.db, input.dataset);
  const parts: ProfilePart[] = [];
  let changed = false;
  let covered = 0;
  for (const row of stored) {
    const files = accepted.filter(
      (file) => file.addedSequence >= row.from_sequence && file.addedSequence <= row.to_sequence,
    );
    const filesDigest = digestFiles(files);
    const fresh = row.format === format && row.files_digest === filesDigest;
    if (!fresh) changed = true;
    parts.push({
      fromSequence: row.from_sequence,
      toSequence: row.to_sequence,
      filesDigest,
      profile: fresh
        ? (JSON.parse(row.profile) as PartialProfile)
        : await profileOf(ctx, input.dataset, files),
    });
    covered = row.to_sequence;
  }
  const added = chunks(accepted.filter((file) => file.addedSequence > covered));
  if (added.length > 0) changed = true;
  const made = await mapLimited(added, PARTS_AT_ONCE, async (files) => ({
    fromSequence: files[0]?.addedSequence ?? 0,
    toSequence: files.at(-1)?.addedSequence ?? 0,
    filesDigest: digestFiles(files),
    profile: await profileOf(ctx, input.dataset, files),
  }));
  parts.push(...made);
  if (!changed) return parts;
  const kept = compact(parts, accepted);
  const rows = kept.map((part) => partRow(input.dataset, part, format));
  await ctx.db.transaction().execute((tx) => replaceProfileParts(tx, input.dataset, rows));
  return parts;
}

function partRow(dataset: string, part: ProfilePart, format: string): DatasetProfilePartRow {
  return {
    dataset,
    from_sequence: part.fromSequence,
    to_sequence: part.toSequence,
    format,
    files_digest: part.filesDigest,
    profile: JSON.stringify(part.profile),
  };
}

function compact(parts: readonly ProfilePart[], files: readonly DatasetFile[]): ProfilePart[] {
  if (parts.length <= MOST_PARTS) return [...parts];
  const old = parts.slice(0, -KEPT_PARTS);
  const [first, last] = [old[0]?.fromSequence ?? 0, old.at(-1)?.toSequence ?? 0];
  return [
    {
      fromSequence: first,
      toSequence: last,
      filesDigest: digestFiles(
        files.filter((file) => file.addedSequence >= first && file.addedSequence <= last),
      ),
      profile: old.reduce((sum, part) => mergeProfiles(sum, part.profile), emptyProfile),
    },
    ...parts.slice(-KEPT_PARTS),
  ];
}

function chunks(files: readonly DatasetFile[]): DatasetFile[][] {
  const found: DatasetFile[][] = [];
  let current: DatasetFile[] = [];
  let rows = 0;
  for (const file of files) {
    if (current.length > 0 && (current.length >= PART_FILES || rows + file.rows > PART_ROWS)) {
      found.push(current);
      [current, rows] = [[], 0];
    }
    current.push(file);
    rows += file.rows;
  }
  if (current.length > 0) found.push(current);
  return found;
}

async function profileOf(
  ctx: ProfileContext,
  dataset: string,
  files: readonly DatasetFile[],
): Promise<PartialProfile> {
  const full = files.filter((file) => file.rows > 0);
  const withRows = await withPaths(ctx, await storedFiles(ctx, dataset, full));
  if (withRows.length === 0) return emptyProfile;
  const relation = rowsOf(withRows, { columns: [], ...readingOf(ctx.project, dataset) });
  return ctx.analytics.session(async (session) => {
    await session.run(`CREATE TEMP TABLE part AS SELECT * FROM ${relation.sql}`);
    return profileRows(session, 'part', relation.columns);
  });
}

const formats = new WeakMap<object, string>();

async function formatName(ctx: Pick<Context, 'analytics'>): Promise<string> {
  const known = formats.get(ctx.analytics);
  if (known !== undefined) return known;
  const [row] = await ctx.analytics.rows<{ version: string }>('SELECT version() AS version');
  const name = `${PROFILE_FORMAT}/duckdb-${row?.version ?? ''}`;
  formats.set(ctx.analytics, name);
  return name;
}
