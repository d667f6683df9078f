import type { Context } from '../../context.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelTags, requireModel, setModelTags } from '../registered-model-store.ts';
import { checkTag, checkTagKey, isPrompt } from '../registry-names.ts';

/**
 * Sets a tag of a model, or takes it away with `value: null`; events `model.tag-set`, `model.tag-deleted`. A tag that
 * is not there is as good as taken away. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE.
 */
export async function tagModel(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: { name: string; key: string; value: string | null },
): Promise<void> {
  const { name, key, value } = input;
  if (value === null) checkTagKey(key);
  else checkTag(key, value);
  await ctx.db.transaction().execute(async (tx) => {
    await requireModel(tx, name);
    const tags = await modelTags(tx, name);
    const prompt = isPrompt(tags);
    if (value === null) {
      if (!Object.hasOwn(tags, key)) return;
      await tx.deleteFrom('model_tags').where('model', '=', name).where('key', '=', key).execute();
    } else await setModelTags(tx, name, { [key]: value });
    await appendModelEvent(ctx, tx, {
      type: value === null ? 'model.tag-deleted' : 'model.tag-set',
      model: name,
      data: { key, prompt, ...(value === null ? {} : { value }) },
    });
  });
}
