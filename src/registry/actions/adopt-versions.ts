import { AppError } from '../../base/app-error.ts';
import { produced as producedSchema, type Produced } from '../../contract/produced.ts';
import type { Context } from '../../context.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { appendModelEvent } from '../model-event.ts';
import type { ModelVersion } from '../model-version.ts';
import { versionOfRun } from '../registry-store.ts';
import { describeFolder } from './register-version.ts';

type Waiting = { model: string; number: number; digest: string; metrics: string };

/**
 * Makes candidates of what the steps of a succeeded run registered through MLflow: the newest version of each model,
 * unless the run hands over another folder of that model itself; event `model.version-adopted`. Gives the candidates,
 * and those that cannot be served with the reason. Safe to repeat.
 */
export async function adoptVersions(
  ctx: Pick<Context, 'db' | 'blobs' | 'clocks' | 'ids' | 'bus'>,
  run: { runId: string; produced: Produced | null },
): Promise<{ candidates: ModelVersion[]; unfit: { version: ModelVersion; reason: string }[] }> {
  const result: Awaited<ReturnType<typeof adoptVersions>> = { candidates: [], unfit: [] };
  for (const waiting of await newestOfRun(ctx, run.runId)) {
    const own = run.produced?.model === waiting.model ? run.produced : null;
    if (own && own.modelTree !== waiting.digest) continue;
    if (await versionOfRun(ctx.db, waiting.model, run.runId)) continue;
    const produced =
      own ??
      producedSchema.parse({
        model: waiting.model,
        modelTree: waiting.digest as Digest,
        metrics: JSON.parse(waiting.metrics) as Record<string, number>,
      });
    let reason: string | null = null;
    const description = await describeFolder(ctx, produced).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      reason = `Refused: ${error.message}`;
      return null;
    });
    const version = await adopt(ctx, run.runId, { waiting, produced, description });
    if (!version) continue;
    if (reason === null) result.candidates.push(version);
    else result.unfit.push({ version, reason });
  }
  return result;
}

async function newestOfRun(ctx: Pick<Context, 'db'>, runId: string): Promise<Waiting[]> {
  const rows = await ctx.db
    .selectFrom('model_versions')
    .select(['model', 'number', 'digest', 'metrics'])
    .where('state', '=', 'registered')
    .where('origin', '=', 'pipeline')
    .where('run_id', 'is', null)
    .where((eb) =>
      eb.or([
        eb('source_run_id', '=', runId),
        eb(
          'source_run_id',
          'in',
          eb.selectFrom('step_runs').select('step_run_id').where('run_id', '=', runId),
        ),
      ]),
    )
    .orderBy('number')
    .execute();
  return [...new Map(rows.map((row) => [row.model, row])).values()];
}

async function adopt(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  runId: string,
  adopted: {
    waiting: Waiting;
    produced: Produced;
    description: Awaited<ReturnType<typeof describeFolder>> | null;
  },
): Promise<ModelVersion | undefined> {
  const { waiting, produced, description } = adopted;
  const { model, number } = waiting;
  return ctx.db.transaction().execute(async (tx) => {
    const changed = await tx
      .updateTable('model_versions')
      .set({
        run_id: runId,
        state: 'candidate',
        reason: null,
        metrics: JSON.stringify(produced.metrics),
        produced: JSON.stringify(produced),
        changed_at_ms: ctx.clocks.calendar.nowMs(),
        ...(description && {
          format: description.format,
          signature: JSON.stringify(description.signature),
          features: JSON.stringify(description.features),
          positive_class: description.positiveClass,
        }),
      })
      .where('model', '=', model)
      .where('number', '=', number)
      .where('state', '=', 'registered')
      .executeTakeFirst();
    if (Number(changed.numUpdatedRows) === 0) return undefined;
    await appendModelEvent(ctx, tx, {
      type: 'model.version-adopted',
      model,
      data: { version: String(number), runId, digest: waiting.digest },
    });
    return versionOfRun(tx, model, runId);
  });
}
