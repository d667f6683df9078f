import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { refusalOfDeletion } from '../governance.ts';
import { appendModelEvent } from '../model-event.ts';
import { keepNumbers, RECORD_COLUMNS, requireModel } from '../registered-model-store.ts';

/**
 * Deletes a model with its versions; event `model.deleted`. Where gates have spoken of its versions their numbers are
 * not given again. Throws PERMISSION_DENIED when a version of it serves or was in a release, RESOURCE_DOES_NOT_EXIST.
 */
export async function deleteModel(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  name: string,
): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await requireModel(tx, name);
    const versions = await tx
      .selectFrom('model_versions')
      .select(RECORD_COLUMNS)
      .where('model', '=', name)
      .orderBy('number')
      .execute();
    for (const version of versions) {
      const refusal = refusalOfDeletion(version);
      if (refusal !== null)
        throw new AppError('PERMISSION_DENIED', `The model ${name} stays. ${refusal}`);
    }
    if (versions.some((version) => version.origin === 'pipeline')) await keepNumbers(tx, name);
    for (const table of [
      'model_version_tags',
      'model_versions',
      'model_aliases',
      'model_tags',
    ] as const)
      await tx.deleteFrom(table).where('model', '=', name).execute();
    await tx.deleteFrom('models').where('name', '=', name).execute();
    await appendModelEvent(ctx, tx, {
      type: 'model.deleted',
      model: name,
      data: {
        versions: versions.map(({ version, digest }) => ({ version, digest })),
      },
    });
  });
}
