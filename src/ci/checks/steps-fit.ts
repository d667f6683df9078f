import type { ProjectDefinition } from '../../config/project-file/project-definition.ts';
import type { Context } from '../../context.ts';
import { formatOf } from '../../datasets/file-format.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { rowsSource } from '../../registry/produced-rows.ts';
import type { StepOutput } from '../../runs/run.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import type { CheckResult, SliceRun } from '../check-result.ts';

type Table = { columns: string[]; rows: number };
type FitContext = Pick<Context, 'analytics' | 'blobs'>;
/** The model a run produced, or why its folder cannot be served. */
export type ProducedModel = { version: ModelVersion } | { fault: string };

/**
 * G36: what a step hands on is of use to the next. Tables have columns and rows; training and test rows hold the columns
 * of the model's signature and its label, scores are as many as test rows, and the model folder can be served.
 */
export async function stepsFit(
  ctx: FitContext,
  definition: ProjectDefinition,
  runs: readonly { run: SliceRun; model: ProducedModel | null }[],
): Promise<Pick<CheckResult, 'state' | 'summary'>> {
  const faults: string[] = [];
  let looked = 0;
  for (const { run, model } of runs) {
    const steps = Object.entries(definition.pipelines[run.pipeline]?.steps ?? {});
    for (const [name, step] of steps) {
      for (const input of step.in) {
        const [maker = '', outputName = ''] = input.split('.');
        const output = run.steps[maker]?.outputs[outputName];
        if (!output) continue;
        looked += 1;
        const fault = await faultOf(ctx, output);
        if (fault !== null) faults.push(`${input}, which ${name} reads, ${fault}`);
      }
    }
    if (model) {
      looked += 1;
      faults.push(...(await modelFaults(ctx, definition, { run, model })));
    }
  }
  if (faults.length > 0) return { state: 'failed', summary: `${faults.join('; ')}.` };
  return {
    state: 'passed',
    summary: `${looked} ${looked === 1 ? 'output fits' : 'outputs fit'} what reads ${looked === 1 ? 'it' : 'them'}.`,
  };
}

async function faultOf(ctx: FitContext, output: StepOutput): Promise<string | null> {
  if (output.kind === 'file' && output.sizeBytes === 0) return 'is an empty file';
  if (output.kind === 'tree' || formatOf(output.path) === undefined) return null;
  if (formatOf(output.path) === 'json') return null;
  const table = await readTable(ctx, output.digest);
  if (typeof table === 'string') return `cannot be read: ${table}`;
  return table.rows === 0 ? 'has no rows' : null;
}

async function modelFaults(
  ctx: FitContext,
  definition: ProjectDefinition,
  { run, model }: { run: SliceRun; model: ProducedModel },
): Promise<string[]> {
  const { produced } = run;
  if ('fault' in model) return [model.fault.replace(/\.$/, '')];
  if (!produced) return [];
  const wanted = model.version.signature.map((column) => column.name);
  const label = definition.models[produced.model]?.label.column;
  const faults: string[] = [];
  let testRows: number | null = null;
  for (const [what, digest] of [
    ['training', produced.train],
    ['test', produced.test],
  ] as const) {
    if (digest === null) continue;
    const table = await readTable(ctx, digest);
    if (typeof table === 'string') {
      faults.push(`the ${what} rows cannot be read: ${table}`);
      continue;
    }
    if (what === 'test') testRows = table.rows;
    const absent = [...wanted, ...(label === undefined ? [] : [label])].filter(
      (name) => !table.columns.includes(name),
    );
    if (absent.length > 0)
      faults.push(
        `the ${what} rows lack ${absent.join(', ')}, which the model of ${produced.model} names`,
      );
  }
  if (produced.scores !== null && testRows !== null) {
    const scores = await readTable(ctx, produced.scores);
    if (typeof scores === 'string') faults.push(`training's own scores cannot be read: ${scores}`);
    else if (scores.rows !== testRows)
      faults.push(`training left ${scores.rows} scores for ${testRows} test rows`);
  }
  return faults;
}

/** Columns and row count of rows a step left, or what is wrong with them. */
async function readTable(ctx: FitContext, digest: Digest): Promise<Table | string> {
  try {
    const source = await rowsSource(ctx, digest);
    const described = await ctx.analytics.rows<{ column_name: string }>(
      `describe select * from ${source}`,
    );
    const [counted] = await ctx.analytics.rows<{ n: number }>(
      `select count(*) as n from ${source}`,
    );
    return { columns: described.map((row) => row.column_name), rows: counted?.n ?? 0 };
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}
