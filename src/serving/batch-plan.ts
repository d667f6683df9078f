import { AppError } from '../base/app-error.ts';
import type { FeatureSource, SignatureColumn } from '../contract/route-table.ts';
import type { RowsFormat } from '../contract/scoring.ts';
import { sqlText } from '../storage/analytics/analytics.ts';

/** A column as DuckDB describes it. */
export type FileColumn = { name: string; type: string };

/** What a file's rows bring for a model version, and what is looked up for them. */
export type BatchPlan = {
  /** Columns of the file that go to the model, or name the keys of its features. */
  fields: string[];
  /** Features that the file does not bring, by view and the field with the key. */
  lookups: { view: string; viewDigest: string; entity: string; features: FeatureSource[] }[];
};

/** Columns that scoring adds. */
export const SCORED_COLUMNS = ['score', 'model_version', 'error'] as const;

/** The DuckDB table function that reads rows of a format. Texts of the signature stay texts: a CSV's own types are guesses. */
export function rowsQuery(path: string, format: RowsFormat, texts: readonly string[] = []): string {
  const file = sqlText(path);
  switch (format) {
    case 'parquet':
      return `read_parquet(${file})`;
    case 'json':
    case 'jsonl':
      return `read_json(${file}, format = 'auto')`;
    case 'csv': {
      if (texts.length === 0) return `read_csv(${file}, header = true)`;
      const types = texts.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(', ');
      return `read_csv(${file}, header = true, types = {${types}})`;
    }
    default:
      return format satisfies never;
  }
}

/** The format of a file by its first bytes. */
export function formatOf(head: Uint8Array): RowsFormat {
  const text = Buffer.from(head).toString('latin1');
  if (text.startsWith('PAR1')) return 'parquet';
  const first = text.trimStart().charAt(0);
  return first === '[' || first === '{' ? 'json' : 'csv';
}

/**
 * What of a file's columns a model version takes. A feature that is a column of the file is taken as it is, like a field
 * of a request; the others are looked up by their keys. What is missing altogether is left to each row's own refusal,
 * unless nothing at all fits. Throws `SCORING_INPUT_INVALID`.
 */
export function planBatch(
  columns: readonly FileColumn[],
  model: { signature: readonly SignatureColumn[]; features: readonly FeatureSource[] },
  time: string | null,
): BatchPlan {
  const names = new Set(columns.map(({ name }) => name));
  const taken = SCORED_COLUMNS.filter((name) => names.has(name));
  if (taken.length > 0)
    throw invalid(
      `has the column ${taken.join(', ')} already, which scoring adds`,
      'Rename it, or leave it out.',
    );
  if (time !== null && !names.has(time))
    throw invalid(`has no column "${time}" with the instant of each row`, has(names));
  const lookups: BatchPlan['lookups'] = [];
  for (const source of model.features) {
    if (names.has(source.column) || !names.has(source.entity)) continue;
    const { view, viewDigest, entity } = source;
    const known = lookups.find(
      (lookup) => lookup.viewDigest === viewDigest && lookup.entity === entity,
    );
    if (known) known.features.push(source);
    else lookups.push({ view, viewDigest, entity, features: [source] });
  }
  const wanted = [
    ...model.signature.map(({ name }) => name),
    ...model.features.map(({ entity }) => entity),
  ];
  const fields = [...new Set(wanted)].filter((name) => names.has(name));
  if (fields.length === 0)
    throw invalid(`has no column the model takes (${wanted.join(', ')})`, has(names));
  return { fields, lookups };
}

/** A cell as JSON carries it to the gateway; instants as ISO text. */
export function jsonCell(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value instanceof Date) return value.toISOString();
  return value;
}

function has(names: ReadonlySet<string>): string {
  return `It has ${[...names].slice(0, 30).join(', ')}.`;
}

function invalid(message: string, help: string): AppError {
  return new AppError('SCORING_INPUT_INVALID', `The file ${message}.`, { help });
}
