import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelTags, readModel, setModelTags, type ModelRecord } from '../registered-model-store.ts';
import { checkModelName, isPrompt, tagsOf } from '../registry-names.ts';
import { ensureModel } from '../registry-store.ts';

/** Makes a model without versions; event `model.registered`. Throws RESOURCE_ALREADY_EXISTS, INVALID_PARAMETER_VALUE. */
export async function createModel(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus'>,
  input: {
    name: string;
    tags: readonly { key: string; value: string }[];
    description: string | undefined;
  },
): Promise<ModelRecord> {
  const { name } = input;
  checkModelName(name);
  const tags = tagsOf(input.tags);
  const description = input.description ?? null;
  return ctx.db.transaction().execute(async (tx) => {
    const made = await ensureModel(tx, {
      name,
      description,
      atMs: ctx.clocks.calendar.nowMs(),
    });
    if (!made) throw taken(name, isPrompt(await modelTags(tx, name)), isPrompt(tags));
    await setModelTags(tx, name, tags);
    await appendModelEvent(ctx, tx, {
      type: 'model.registered',
      model: name,
      data: { tags, description },
    });
    return readModel(tx, name);
  });
}

function taken(name: string, was: boolean, wanted: boolean): AppError {
  const word = (prompt: boolean): string => (prompt ? 'Prompt' : 'Registered Model');
  return new AppError(
    'RESOURCE_ALREADY_EXISTS',
    was === wanted
      ? `${word(wanted)} (name=${name}) already exists.`
      : `Tried to create a ${word(wanted).toLowerCase()} with name '${name}', but the name is already taken by a ${word(was).toLowerCase()}. MLflow does not allow creating a model and a prompt with the same name.`,
  );
}
