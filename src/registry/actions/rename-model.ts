import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelInProject } from '../model-in-project.ts';
import { readModel, requireModel, type ModelRecord } from '../registered-model-store.ts';
import { checkModelName } from '../registry-names.ts';

/**
 * Gives a model another name; event `model.renamed`. A model that the project names, or that a pipeline has registered
 * versions of, keeps its own: releases, predictions and rondo.yaml speak of it by that name.
 * Throws PERMISSION_DENIED, RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST.
 */
export async function renameModel(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus' | 'project'>,
  input: { name: string; newName: string },
): Promise<ModelRecord> {
  const { name, newName } = input;
  checkModelName(newName, 'new_name');
  return ctx.db.transaction().execute(async (tx) => {
    const model = await requireModel(tx, name);
    const refusal = await refusalOfRenaming(ctx, tx, name);
    if (refusal !== null) throw new AppError('PERMISSION_DENIED', refusal);
    if (name === newName) return readModel(tx, name);
    const taken = await tx
      .selectFrom('models')
      .select('name')
      .where('name', '=', newName)
      .executeTakeFirst();
    if (taken) {
      throw new AppError(
        'RESOURCE_ALREADY_EXISTS',
        `Registered Model (name=${newName}) already exists.`,
      );
    }
    const atMs = ctx.clocks.calendar.nowMs();
    const numbers = await tx
      .selectFrom('model_numbers')
      .select('last_number')
      .where('name', '=', newName)
      .executeTakeFirst();
    await tx
      .updateTable('models')
      .set({
        name: newName,
        updated_at_ms: atMs,
        last_number: Math.max(model.last_number, numbers?.last_number ?? 0),
      })
      .where('name', '=', name)
      .execute();
    await tx
      .updateTable('model_versions')
      .set({ model: newName, updated_at_ms: atMs })
      .where('model', '=', name)
      .execute();
    for (const table of ['model_aliases', 'model_tags', 'model_version_tags'] as const)
      await tx.updateTable(table).set({ model: newName }).where('model', '=', name).execute();
    await appendModelEvent(ctx, tx, {
      type: 'model.renamed',
      model: newName,
      data: { from: name },
    });
    return readModel(tx, newName);
  });
}

async function refusalOfRenaming(
  ctx: Pick<Context, 'project'>,
  tx: Transaction,
  name: string,
): Promise<string | null> {
  if (modelInProject(ctx, name).named) {
    return `The model ${name} stands in rondo.yaml and keeps its name: endpoints and releases speak of it by that name.`;
  }
  const version = await tx
    .selectFrom('model_versions')
    .select('version')
    .where('model', '=', name)
    .where('origin', '=', 'pipeline')
    .limit(1)
    .executeTakeFirst();
  return version
    ? `The model ${name} keeps its name: a pipeline registered version ${version.version}, and its gates and releases speak of it by that name.`
    : null;
}
