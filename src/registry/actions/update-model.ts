import type { Context } from '../../context.ts';
import { appendModelEvent } from '../model-event.ts';
import { readModel, requireModel, type ModelRecord } from '../registered-model-store.ts';

/** Describes a model; event `model.described`. Throws RESOURCE_DOES_NOT_EXIST. */
export async function updateModel(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: { name: string; description: string | null },
): Promise<ModelRecord> {
  const { name, description } = input;
  return ctx.db.transaction().execute(async (tx) => {
    await requireModel(tx, name);
    await tx
      .updateTable('models')
      .set({ description, updated_at_ms: ctx.clocks.calendar.nowMs() })
      .where('name', '=', name)
      .execute();
    await appendModelEvent(ctx, tx, {
      type: 'model.described',
      model: name,
      data: { description },
    });
    return readModel(tx, name);
  });
}
