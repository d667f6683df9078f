import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { refusalOfProduction } from '../governance.ts';
import { appendModelEvent } from '../model-event.ts';
import { modelInProject } from '../model-in-project.ts';
import {
  readRecord,
  requireRecord,
  touchModel,
  type VersionRecord,
} from '../registered-model-store.ts';
import { invalid, stageOf } from '../registry-names.ts';

/**
 * Moves a version to a stage, MLflow's label of before aliases; event `model.stage-moved`. Production of a model that
 * the project carries is for its champion alone: PERMISSION_DENIED. On other models a stage is a label and no more.
 * Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE.
 */
export async function moveStage(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus' | 'project'>,
  input: { name: string; version: string; stage: string; archiveExisting: boolean },
): Promise<VersionRecord> {
  const { name } = input;
  const stage = stageOf(input.stage);
  if (input.archiveExisting && stage !== 'Staging' && stage !== 'Production') {
    throw invalid(
      `Model version transition cannot archive existing model versions because '${input.stage}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
    );
  }
  return ctx.db.transaction().execute(async (tx) => {
    const record = await requireRecord(tx, name, input.version);
    const project = modelInProject(ctx, name);
    if (
      stage === 'Production' &&
      record.state !== 'champion' &&
      (project.named || (await hasPipelineVersion(tx, name)))
    ) {
      throw new AppError('PERMISSION_DENIED', refusalOfProduction(record, project));
    }
    const atMs = ctx.clocks.calendar.nowMs();
    let archived: string[] = [];
    if (input.archiveExisting) {
      const others = await tx
        .updateTable('model_versions')
        .set({ stage: 'Archived', updated_at_ms: atMs })
        .where('model', '=', name)
        .where('number', '!=', record.number)
        .where('stage', '=', stage)
        .returning('version')
        .execute();
      archived = others.map((other) => other.version);
    }
    await tx
      .updateTable('model_versions')
      .set({ stage, updated_at_ms: atMs })
      .where('model', '=', name)
      .where('number', '=', record.number)
      .execute();
    await touchModel(tx, name, atMs);
    await appendModelEvent(ctx, tx, {
      type: 'model.stage-moved',
      model: name,
      data: { version: record.version, from: record.stage, to: stage, archived },
    });
    return readRecord(tx, name, record.version);
  });
}

async function hasPipelineVersion(tx: Transaction, name: string): Promise<boolean> {
  const found = await tx
    .selectFrom('model_versions')
    .select('version')
    .where('model', '=', name)
    .where('origin', '=', 'pipeline')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
