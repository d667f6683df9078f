import type { Context } from '../../context.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelTags, requireRecord, setVersionTags } from '../registered-model-store.ts';
import { checkTag, checkTagKey, isPrompt } from '../registry-names.ts';

/**
 * Sets a tag of a version, or takes it away with `value: null`; events `model.version-tag-set`,
 * `model.version-tag-deleted`. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE.
 */
export async function tagVersion(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: { name: string; version: string; key: string; value: string | null },
): Promise<void> {
  const { name, key, value } = input;
  if (value === null) checkTagKey(key);
  else checkTag(key, value);
  await ctx.db.transaction().execute(async (tx) => {
    const { number, version } = await requireRecord(tx, name, input.version);
    if (value === null) {
      const gone = await tx
        .deleteFrom('model_version_tags')
        .where('model', '=', name)
        .where('number', '=', number)
        .where('key', '=', key)
        .executeTakeFirst();
      if (Number(gone.numDeletedRows) === 0) return;
    } else await setVersionTags(tx, { model: name, number }, { [key]: value });
    await appendModelEvent(ctx, tx, {
      type: value === null ? 'model.version-tag-deleted' : 'model.version-tag-set',
      model: name,
      data: {
        version,
        key,
        prompt: isPrompt(await modelTags(tx, name)),
        ...(value === null ? {} : { value }),
      },
    });
  });
}
