import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { AppError } from '../base/app-error.ts';
import type { ModelExport } from '../contract/model-export.ts';
import type { ApiClient } from './api-client.ts';

export type WrittenExport = {
  model: string;
  version: string;
  folder: string;
  files: number;
  digest: string;
};

/**
 * Writes an export to `folder`, which must be new or empty, and checks each file against the manifest. The folder
 * appears whole or not at all.
 */
export async function exportModel(
  api: ApiClient,
  name: string,
  folder: string,
): Promise<WrittenExport> {
  const { model, version } = parseName(name);
  const present = await readdir(folder).catch(() => []);
  if (present.length > 0)
    throw new AppError('USAGE', `${folder} is not empty.`, { help: 'Name a new folder.' });
  const path = `/api/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}`;
  const { manifest, texts, modelFiles } = await api.get<ModelExport>(`${path}/export`);
  const files = `/api/models/${encodeURIComponent(model)}/versions/${manifest.version}/files`;
  const partial = `${folder.replace(/\/+$/, '')}.partial-${process.pid}`;
  try {
    for (const file of manifest.files) {
      const target = join(partial, file.path);
      if (relative(partial, target).startsWith('..'))
        throw new AppError('BLOB_CORRUPT', `The export names a path outside itself: ${file.path}`);
      const bytes = await contentOf(file.path);
      if (createHash('sha256').update(bytes).digest('hex') !== file.sha256)
        throw new AppError('BLOB_CORRUPT', `${file.path} is not what the manifest says.`);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes);
    }
    await writeFile(join(partial, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rmdir(folder).catch(() => undefined);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return {
    model: manifest.model,
    version: manifest.version,
    folder,
    files: manifest.files.length + 1,
    digest: manifest.digest,
  };

  async function contentOf(inExport: string): Promise<Buffer> {
    const text = texts[inExport];
    if (text !== undefined) return Buffer.from(text);
    const inFolder = modelFiles[inExport] ?? '';
    const address = inFolder.split('/').map(encodeURIComponent).join('/');
    const response = await api.stream(`${files}/${address}`);
    return Buffer.from(await response.arrayBuffer());
  }
}

/** `late`, `late/3` or `late@champion`. */
function parseName(name: string): { model: string; version: string } {
  const parsed = /^([^/@]+)(?:[/@]([^/@]+))?$/.exec(name);
  if (!parsed?.[1])
    throw new AppError('USAGE', `"${name}" is not NAME, NAME/VERSION or NAME@ALIAS.`);
  return { model: parsed[1], version: parsed[2] ?? 'champion' };
}
