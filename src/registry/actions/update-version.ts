import type { Context } from '../../context.ts';
import { appendModelEvent } from '../model-event.ts';
import { readRecord, requireRecord, type VersionRecord } from '../registered-model-store.ts';

/** Describes a version; event `model.version-described`. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE. */
export async function updateVersion(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: { name: string; version: string; description: string | null },
): Promise<VersionRecord> {
  const { name, description } = input;
  return ctx.db.transaction().execute(async (tx) => {
    const { number, version } = await requireRecord(tx, name, input.version);
    await tx
      .updateTable('model_versions')
      .set({ description, updated_at_ms: ctx.clocks.calendar.nowMs() })
      .where('model', '=', name)
      .where('number', '=', number)
      .execute();
    await appendModelEvent(ctx, tx, {
      type: 'model.version-described',
      model: name,
      data: { version, description },
    });
    return readRecord(tx, name, version);
  });
}
