import type { Readable } from 'node:stream';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { ownersOf, safePath } from '../artifact-path.ts';
import {
  filesUnder,
  findArtifact,
  listFolder,
  removeArtifacts,
  type ArtifactEntry,
} from '../artifacts-store.ts';
import { findLoggedModel } from '../logged-models-store.ts';
import { findTrackedRun, logArtifacts } from '../tracking-store.ts';
import { invalid, notFound } from '../validate.ts';

type Place = { ownerId: string; inside: string; origin: string; running: boolean };

/** The run or logged model that a path of the artifact proxy belongs to; undefined where it belongs to none. */
async function placeOf(ctx: Pick<Context, 'db'>, path: string): Promise<Place | undefined> {
  for (const { ownerId, root, inside } of ownersOf(path)) {
    const run = await findTrackedRun(ctx.db, ownerId);
    if (run?.artifact_uri === root) {
      return { ownerId, inside, origin: run.origin, running: run.status === 'RUNNING' };
    }
    const model = await findLoggedModel(ctx.db, ownerId);
    if (model?.artifact_location === root)
      return { ownerId, inside, origin: 'client', running: true };
  }
  return undefined;
}

/**
 * Stores a file of a run or logged model, streamed; the same path again is the new file. What a pipeline's run has left
 * stays as it is once it has ended.
 */
export async function writeArtifact(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
  content: Readable | Uint8Array,
): Promise<void> {
  const place = await placeOf(ctx, safePath(path));
  if (!place || place.inside === '') {
    throw invalid(`Invalid path '${path}': artifacts belong to a run or a logged model.`);
  }
  await checkRoom(ctx, place);
  const stored = await ctx.blobs.put(content);
  const before = await findArtifact(ctx.db, place.ownerId, place.inside);
  if (before && before.digest !== stored.digest && place.origin === 'pipeline' && !place.running) {
    throw new AppError(
      'PERMISSION_DENIED',
      `The artifact '${place.inside}' is an output of a pipeline's run, which has ended; it stays as it is.`,
    );
  }
  await ctx.db
    .transaction()
    .execute((tx) => logArtifacts(tx, place.ownerId, [{ path: place.inside, ...stored }]));
}

/** A name is a file or a folder, never both. */
async function checkRoom(ctx: Pick<Context, 'db'>, { ownerId, inside }: Place): Promise<void> {
  const parts = inside.split('/');
  for (let length = 1; length < parts.length; length += 1) {
    const parent = parts.slice(0, length).join('/');
    if (await findArtifact(ctx.db, ownerId, parent))
      throw invalid(`Invalid path '${inside}': '${parent}' is a file.`);
  }
  if ((await filesUnder(ctx.db, ownerId, inside)).length > 0)
    throw invalid(`Invalid path '${inside}': it is a folder.`);
}

export type OpenedArtifact = { name: string; sizeBytes: number; content: Readable };

/** Opens a file of the artifact proxy. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE for a folder. */
export async function openArtifact(
  ctx: Pick<Context, 'db' | 'blobs'>,
  path: string,
): Promise<OpenedArtifact> {
  const place = await placeOf(ctx, safePath(path));
  if (!place) throw notFound(`No such artifact: '${path}'`);
  return openFileOf(ctx, place.ownerId, place.inside, path);
}

/** Opens a file of a run or logged model by its path inside. */
export async function openFileOf(
  ctx: Pick<Context, 'db' | 'blobs'>,
  ownerId: string,
  inside: string,
  shown: string = inside,
): Promise<OpenedArtifact> {
  const path = safePath(inside);
  const row = await findArtifact(ctx.db, ownerId, path);
  if (!row) {
    if ((await filesUnder(ctx.db, ownerId, path)).length > 0)
      throw invalid(`Artifact path refers to a directory, not a file: '${shown}'`);
    throw notFound(`No such artifact: '${shown}'`);
  }
  return {
    name: path.split('/').at(-1) ?? path,
    sizeBytes: row.size_bytes,
    content: await ctx.blobs.stream(row.digest as Digest),
  };
}

/** What lies in a folder of the artifact proxy; nothing where there is none. Paths are names alone. */
export async function listArtifacts(
  ctx: Pick<Context, 'db'>,
  path: string,
): Promise<ArtifactEntry[]> {
  const place = await placeOf(ctx, safePath(path));
  if (!place) return [];
  const entries = await listFolder(ctx.db, place.ownerId, place.inside);
  return entries.map((entry) => ({ ...entry, path: entry.path.split('/').at(-1) ?? entry.path }));
}

/** What lies in a folder of a run or logged model, by path from its root. */
export async function listFilesOf(
  ctx: Pick<Context, 'db'>,
  ownerId: string,
  folder: string,
): Promise<ArtifactEntry[]> {
  return listFolder(ctx.db, ownerId, safePath(folder));
}

/** Deletes a file or folder; one that is not there is as good as deleted. Outputs of a pipeline's run stay. */
export async function deleteArtifacts(ctx: Pick<Context, 'db'>, path: string): Promise<void> {
  const place = await placeOf(ctx, safePath(path));
  if (!place) throw notFound(`No such artifact: '${path}'`);
  if (place.origin === 'pipeline') {
    throw new AppError(
      'PERMISSION_DENIED',
      "Artifacts of a pipeline's run are not deleted: they are the record of what it made.",
    );
  }
  await ctx.db.transaction().execute((tx) => removeArtifacts(tx, place.ownerId, place.inside));
}
