import { z } from 'zod';

export const exportedFile = z.object({
  path: z.string(),
  /** Hex, without a prefix: what `sha256sum` prints. */
  sha256: z.string(),
  sizeBytes: z.number().int(),
});
export type ExportedFile = z.infer<typeof exportedFile>;

/** `manifest.json` of an export: every other file, and one digest over all of them. */
export const exportManifest = z.object({
  rondoExport: z.literal(1),
  model: z.string(),
  version: z.string(),
  format: z.enum(['onnx', 'python-function']),
  /** Of the stored model folder. */
  modelDigest: z.string(),
  runId: z.string().nullable(),
  registeredAtMs: z.number(),
  files: z.array(exportedFile),
  /** SHA-256 of the canonical JSON of `files`. */
  digest: z.string(),
});
export type ExportManifest = z.infer<typeof exportManifest>;

/** An export as the server describes it: texts that were made for it, and where the model's own files are. */
export const modelExport = z.object({
  manifest: exportManifest,
  /** By path in the export. */
  texts: z.record(z.string(), z.string()),
  /** Path in the export to the path in the model folder. */
  modelFiles: z.record(z.string(), z.string()),
});
export type ModelExport = z.infer<typeof modelExport>;
