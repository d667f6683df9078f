import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { refusalOfAlias, refusalOfAliasRemoval } from '../governance.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelInProject } from '../model-in-project.ts';
import { modelTags, requireModel, requireRecord } from '../registered-model-store.ts';
import { checkAlias, GOVERNED_ALIASES, isPrompt } from '../registry-names.ts';
import { findAlias, setAlias } from '../registry-store.ts';

/**
 * A client's wish to point an alias at a version, or to take it away with `version: null`; event `model.alias-moved`.
 * `champion` and `challenger` of a model are moved by promotion alone: PERMISSION_DENIED with the reason, unless they
 * stand there already. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE.
 */
export async function pointAlias(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus' | 'project'>,
  input: { name: string; alias: string; version: string | null },
): Promise<void> {
  const { name, alias } = input;
  checkAlias(alias, input.version === null ? 'find' : 'set');
  await ctx.db.transaction().execute(async (tx) => {
    const wanted = input.version === null ? null : await requireRecord(tx, name, input.version);
    if (wanted === null) await requireModel(tx, name);
    const from = (await findAlias(tx, name, alias)) ?? null;
    const to = wanted?.version ?? null;
    if (from === to) return;
    const prompt = isPrompt(await modelTags(tx, name));
    if (GOVERNED_ALIASES.includes(alias) && !prompt) {
      throw new AppError(
        'PERMISSION_DENIED',
        wanted === null
          ? refusalOfAliasRemoval(alias, await requireRecord(tx, name, from ?? ''))
          : refusalOfAlias(alias, wanted, modelInProject(ctx, name)),
      );
    }
    const atMs = ctx.clocks.calendar.nowMs();
    await setAlias(tx, { model: name, alias, version: to, atMs });
    await appendModelEvent(ctx, tx, {
      type: 'model.alias-moved',
      model: name,
      data: { alias, from, to, prompt, reason: 'set by a client' },
    });
  });
}
