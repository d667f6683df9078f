import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { refusalOfDeletion } from '../governance.ts';
import { appendModelEvent } from '../model-event.ts';
import { keepNumbers, requireRecord, touchModel } from '../registered-model-store.ts';

/**
 * Deletes a version with its tags and aliases; its number is not given again; event `model.version-deleted`. Throws
 * PERMISSION_DENIED when it serves or was in a release, RESOURCE_DOES_NOT_EXIST.
 */
export async function deleteVersion(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: { name: string; version: string },
): Promise<void> {
  const { name } = input;
  await ctx.db.transaction().execute(async (tx) => {
    const record = await requireRecord(tx, name, input.version);
    const { number, version } = record;
    const refusal = refusalOfDeletion(record);
    if (refusal !== null) throw new AppError('PERMISSION_DENIED', refusal);
    if (record.origin === 'pipeline') await keepNumbers(tx, name);
    await tx
      .deleteFrom('model_aliases')
      .where('model', '=', name)
      .where('version', '=', version)
      .execute();
    for (const table of ['model_version_tags', 'model_versions'] as const) {
      await tx.deleteFrom(table).where('model', '=', name).where('number', '=', number).execute();
    }
    await touchModel(tx, name, ctx.clocks.calendar.nowMs());
    await appendModelEvent(ctx, tx, {
      type: 'model.version-deleted',
      model: name,
      data: {
        version,
        digest: record.digest,
        origin: record.origin,
        source: record.source,
        sourceRun: record.source_run_id,
      },
    });
  });
}
