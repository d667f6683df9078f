import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { findVersion } from '../../datasets/dataset-store.ts';
import { requireValid } from '../../datasets/dataset-version.ts';
import { versionRows } from '../../datasets/version-rows.ts';
import { pinBatchVersion, scoreBatch } from '../../serving/actions/score-batch.ts';
import { formatOf } from '../../serving/batch-plan.ts';
import { sqlText } from '../../storage/analytics/analytics.ts';
import type { Builtin, BuiltinInput, BuiltinKeyInput } from './builtin.ts';

const config = z.object({
  endpoint: z.string().describe('The endpoint whose version scores the rows'),
  model_version: z
    .string()
    .optional()
    .describe('A version by number or alias; the one at 100 % of the endpoint unless given'),
  time: z
    .string()
    .optional()
    .describe(
      "Column: the instant at which each row's features must have been known; now unless given",
    ),
});
type Settings = z.output<typeof config>;

/** Changes when the step would give other rows from the same model and data. */
const SCORE_CODE = 'score-1';

/** Scores the rows of a file or a dataset with the version an endpoint serves. */
export const scoreBuiltin: Builtin<typeof config> = {
  kind: 'score',
  summary: 'Rows of a file or a dataset with the scores of the version an endpoint serves.',
  config,
  async key(ctx, input) {
    const version = await pinBatchVersion(ctx, orderOf(input));
    // What was known of the features moves on with the calendar, so that a result is not taken from an earlier run.
    const instant = version.features.length === 0 ? null : input.atMs;
    return JSON.stringify([SCORE_CODE, version.digest, version.version, instant]);
  },
  async run(ctx, input) {
    const { outputs, signal } = input;
    const [name] = Object.keys(outputs);
    const output = name === undefined ? undefined : outputs[name];
    if (output === undefined)
      throw new AppError('SCORING_INPUT_INVALID', 'The score step declares no output ("out:").');
    const scratch = join(ctx.paths.temp, `${ctx.ids.next('scoring')}.parquet`);
    let next = 0.1;
    const scoring = scoreBatch(ctx, {
      ...orderOf(input),
      input: await fileOf(ctx, input, scratch),
      output: { path: output, format: 'parquet' },
      signal,
      progress: (done, total) => {
        if (done < next * total) return;
        next = Math.floor((done / total) * 10) / 10 + 0.1;
        input.log(`${done} of ${total} rows scored`);
      },
    });
    const { model, version, rows, errors, digest } = await scoring.finally(() =>
      rmSync(scratch, { force: true }),
    );
    input.log(`${rows} rows scored by ${model} ${version}, ${errors} of them with an error`);
    return { details: { model, version, rows, errors, digest }, metrics: { rows, errors } };
  },
};

function orderOf({ config: settings, atMs }: Pick<BuiltinKeyInput<Settings>, 'config' | 'atMs'>) {
  return {
    endpoint: settings.endpoint,
    version: settings.model_version ?? null,
    time: settings.time ?? null,
    atMs,
  };
}

/** The input as one file: an output of an earlier step as it is, a dataset's rows written to `scratch`. */
async function fileOf(ctx: Context, input: BuiltinInput<Settings>, scratch: string) {
  const [source] = input.inputs;
  if (source === undefined || input.inputs.length > 1) throw wrongInput();
  if (source.kind === 'file') {
    const file = await open(source.path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      return { path: source.path, format: formatOf(buffer.subarray(0, bytesRead)) };
    } finally {
      await file.close();
    }
  }
  if (source.kind !== 'dataset') throw wrongInput();
  const version = await findVersion(ctx.db, source.name, source.version);
  if (!version)
    throw new AppError('NOT_FOUND', `Dataset "${source.name}" has no version ${source.version}.`);
  requireValid(version);
  const { sql } = await versionRows(ctx, version);
  await ctx.analytics.run(`copy (select * from ${sql}) to ${sqlText(scratch)} (format parquet)`);
  return { path: scratch, format: 'parquet' as const };
}

function wrongInput(): AppError {
  return new AppError(
    'SCORING_INPUT_INVALID',
    'The score step takes one dataset or one file ("in:").',
  );
}
