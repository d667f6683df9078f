import { createHash } from 'node:crypto';
import { AppError } from '../../base/app-error.ts';
import { canonicalJson } from '../../base/json.ts';
import { parsePythonJson } from '../../base/python-json.ts';
import type { ExportedFile, ModelExport } from '../../contract/model-export.ts';
import type { SignatureColumn } from '../../contract/route-table.ts';
import type { Context } from '../../context.ts';
import { storedView } from '../../features/feature-store.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { rowsSource, toCell, type Cell } from '../../registry/produced-rows.ts';
import { requireVersion } from '../../registry/registry-store.ts';
import { sqlName } from '../../storage/analytics/analytics.ts';
import { readTree, type TreeEntry } from '../../storage/blobs/tree.ts';
import { exportReadme } from '../export-readme.ts';
import { withScratchGateway } from '../scratch-gateway.ts';
import { routeModel } from './build-route-table.ts';

const EXAMPLE_ROWS = 5;
const EXAMPLE_FILE = 'input_example.json';

/** Tensors of the Open Inference Protocol, in JSON. */
type Tensor = { name: string; datatype: string; shape: number[]; data: Cell[] };

/**
 * Everything a version needs where there is no Rondo: its folder, its signature, the SQL of its features, a request with
 * the answer the gateway gives to it, and a manifest. Made of what is stored alone, so that the same version gives the
 * same digest. Throws `MODEL_UNKNOWN`, `GATEWAY_MODEL_UNLOADABLE`, `MODEL_PYTHON_MISSING`.
 */
export async function exportModel(
  ctx: Pick<Context, 'db' | 'blobs' | 'paths' | 'ids' | 'analytics'>,
  query: { model: string; version: string },
): Promise<ModelExport> {
  const version = await requireVersion(ctx.db, query.model, query.version);
  const tree = await readTree(ctx.blobs, version.digest);
  const texts: Record<string, string> = {
    'README.md': exportReadme(version),
    'signature.json': pretty(signatureOf(version)),
    'example.json': pretty(await answeredExample(ctx, version, tree)),
    ...(await featureTexts(ctx, version)),
  };
  const files: ExportedFile[] = [
    ...tree.map(({ path, digest, sizeBytes }) => ({
      path: `model/${path}`,
      sha256: digest.replace(/^sha256:/, ''),
      sizeBytes,
    })),
    ...Object.entries(texts).map(([path, text]) => ({
      path,
      sha256: createHash('sha256').update(text).digest('hex'),
      sizeBytes: Buffer.byteLength(text),
    })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    manifest: {
      rondoExport: 1,
      model: version.model,
      version: version.version,
      format: version.format,
      modelDigest: version.digest,
      runId: version.runId,
      registeredAtMs: version.createdAtMs,
      files,
      digest: `sha256:${createHash('sha256').update(canonicalJson(files)).digest('hex')}`,
    },
    texts,
    modelFiles: Object.fromEntries(tree.map(({ path }) => [`model/${path}`, path])),
  };
}

function signatureOf(version: ModelVersion) {
  const { signature, features, positiveClass } = version;
  return {
    inputs: signature.map((column) => {
      const source = features.find((feature) => feature.column === column.name);
      return source === undefined
        ? column
        : {
            ...column,
            feature: { view: source.view, name: source.feature, entity: source.entity },
          };
    }),
    positiveClass,
  };
}

async function featureTexts(
  ctx: Pick<Context, 'db'>,
  { features }: ModelVersion,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const definitions: Record<string, unknown> = {};
  for (const { view: name, viewDigest } of features) {
    if (name in definitions) continue;
    const stored = await storedView(ctx.db, viewDigest);
    if (!stored)
      throw new AppError(
        'FEATURE_VIEW_UNKNOWN',
        `The definition ${viewDigest} of the feature view "${name}" is not stored here.`,
      );
    const { sql, from, entity, time, ttlMs, history, digest } = stored.view;
    texts[`features/${name}.sql`] = `${sql.trim()}\n`;
    definitions[name] = {
      from,
      entity,
      time,
      ttlMs,
      history,
      digest,
      columns: stored.columns ?? [],
      sql: `${name}.sql`,
    };
  }
  if (Object.keys(definitions).length > 0) texts['features/views.json'] = pretty(definitions);
  return texts;
}

/** A request and what a gateway answers to it. */
async function answeredExample(
  ctx: Pick<Context, 'blobs' | 'paths' | 'ids' | 'analytics'>,
  version: ModelVersion,
  tree: readonly TreeEntry[],
) {
  const rows = (await rowsOfExample(ctx, version, tree)) ??
    (await rowsOfTest(ctx, version)) ?? [version.signature.map(({ type }) => zeroOf(type))];
  const model = await routeModel(ctx, version);
  return withScratchGateway(ctx, [model], async ({ address }) => {
    const url = `${address}/v2/models/${encodeURIComponent(version.model)}/versions/${encodeURIComponent(version.version)}`;
    const described = await fetch(url);
    const { inputs } = (await described.json()) as { inputs: Omit<Tensor, 'data'>[] };
    const request = { inputs: tensorsOf(inputs, version.signature, rows) };
    const response = await fetch(`${url}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    const answer = (await response.json()) as { outputs?: Tensor[]; error?: string };
    if (!response.ok || !answer.outputs)
      throw new AppError(
        'GATEWAY_MODEL_FAULT',
        `Version ${version.version} of ${version.model} does not answer its example: ${answer.error ?? response.status}`,
      );
    return { request, answer: { outputs: answer.outputs } };
  });
}

/** The rows as the inputs of the graph: all columns in one tensor, or one tensor a column. */
function tensorsOf(
  inputs: readonly Omit<Tensor, 'data'>[],
  signature: readonly SignatureColumn[],
  rows: readonly Cell[][],
): Tensor[] {
  let next = 0;
  return inputs.map(({ name, datatype, shape }) => {
    const width = shape.slice(1).reduce((size, part) => size * part, 1);
    const named = inputs.length > 1 ? signature.findIndex((column) => column.name === name) : -1;
    const begin = named >= 0 ? named : next;
    if (named < 0) next += width;
    const data = rows.flatMap((row) =>
      row.slice(begin, begin + width).map((cell) => cellAs(datatype, cell)),
    );
    return { name, datatype, shape: [rows.length, ...shape.slice(1)], data };
  });
}

function cellAs(datatype: string, cell: Cell): Cell {
  if (cell === null || datatype === 'BOOL') return cell;
  return datatype === 'BYTES' ? String(cell) : Number(cell);
}

async function rowsOfExample(
  ctx: Pick<Context, 'blobs'>,
  { signature }: ModelVersion,
  tree: readonly TreeEntry[],
): Promise<Cell[][] | null> {
  const file = tree.find(({ path }) => path === EXAMPLE_FILE);
  if (!file) return null;
  const text = Buffer.from(await ctx.blobs.read(file.digest)).toString('utf8');
  const example = parsePythonJson(text) as {
    columns?: string[];
    data?: Cell[][];
  };
  const { columns, data } = example;
  if (!columns || !data || data.length === 0) return null;
  const places = signature.map(({ name }) => columns.indexOf(name));
  if (places.includes(-1)) return null;
  return data.slice(0, EXAMPLE_ROWS).map((row) => places.map((place) => row[place] ?? null));
}

async function rowsOfTest(
  ctx: Pick<Context, 'blobs' | 'analytics'>,
  { signature, produced }: ModelVersion,
): Promise<Cell[][] | null> {
  if (produced.test === null) return null;
  const names = signature.map(({ name }) => sqlName(name)).join(', ');
  const rows = await ctx.analytics.rows<Record<string, unknown>>(
    `select ${names} from ${await rowsSource(ctx, produced.test)} limit ${EXAMPLE_ROWS}`,
  );
  if (rows.length === 0) return null;
  return rows.map((row) => signature.map(({ name }) => toCell(row[name])));
}

function zeroOf(type: SignatureColumn['type']): Cell {
  if (type === 'string' || type === 'datetime') return '';
  return type === 'boolean' ? false : 0;
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
