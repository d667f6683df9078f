import type { Context } from '../../context.ts';
import type { Transaction } from '../../storage/database/database.ts';
import type { RunRow } from '../../storage/database/tables/tracking.ts';
import { logModelMetrics } from '../logged-models-store.ts';
import {
  findTrackedRun,
  logMetrics,
  logParams,
  removeTag,
  setTags,
  updateRun,
} from '../tracking-store.ts';
import {
  checkedBatch,
  checkedParam,
  checkedTag,
  checkMetric,
  checkRunId,
  invalid,
  notFound,
  type Batch,
  type KeyValue,
  type Point,
} from '../validate.ts';
import { checkRunActive } from './change-client-run.ts';

type Part = Pick<Context, 'db'>;

/**
 * Logs metrics, parameters and tags together: all of them or none. The same batch again changes nothing. Throws
 * INVALID_PARAMETER_VALUE, also for a parameter that has another value already.
 */
export async function logBatch(ctx: Part, runId: string, batch: Batch): Promise<void> {
  checkRunId(runId);
  const checked = checkedBatch(batch);
  await write(ctx, runId, async (tx, run) => {
    await writeParams(tx, runId, checked.params, 'batch');
    await logMetrics(tx, runId, checked.metrics);
    await logModelMetrics(tx, runId, checked.metrics);
    await writeTags(tx, run, checked.tags);
  });
}

export async function logMetric(ctx: Part, runId: string, point: Point): Promise<void> {
  checkMetric(point);
  await write(ctx, runId, async (tx) => {
    await logMetrics(tx, runId, [point]);
    await logModelMetrics(tx, runId, [point]);
  });
}

export async function logParam(ctx: Part, runId: string, param: KeyValue): Promise<void> {
  const checked = checkedParam(param);
  await write(ctx, runId, (tx) => writeParams(tx, runId, [checked], 'single'));
}

export async function setTag(ctx: Part, runId: string, tag: KeyValue): Promise<void> {
  const checked = checkedTag(tag);
  await write(ctx, runId, (tx, run) => writeTags(tx, run, [checked]));
}

/** Takes a tag away. Throws RESOURCE_DOES_NOT_EXIST when the run has none of that name. */
export async function deleteTag(ctx: Part, runId: string, key: string): Promise<void> {
  await write(ctx, runId, async (tx) => {
    if (!(await removeTag(tx, runId, key)))
      throw notFound(`No tag with name: ${key} in run with id ${runId}`);
  });
}

async function write(
  ctx: Part,
  runId: string,
  work: (tx: Transaction, run: RunRow) => Promise<void>,
): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    const run = await findTrackedRun(tx, runId);
    if (!run) throw notFound(`Run with id=${runId} not found`);
    checkRunActive(run);
    await work(tx, run);
  });
}

async function writeParams(
  tx: Transaction,
  runId: string,
  params: readonly KeyValue[],
  form: 'single' | 'batch',
): Promise<void> {
  if (params.length === 0) return;
  const refused = await logParams(
    tx,
    runId,
    Object.fromEntries(params.map(({ key, value }) => [key, value])),
  );
  const [first] = refused;
  if (!first) return;
  if (form === 'single') {
    throw invalid(
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${first.stored}' for run ID='${runId}'. Attempted logging new value '${first.given}'.`,
    );
  }
  const shown = refused.map(
    ({ key, stored, given }) =>
      `{'key': '${key}', 'old_value': '${stored}', 'new_value': '${given}'}`,
  );
  throw invalid(
    `Changing param values is not allowed. Params were already logged='[${shown.join(', ')}]' for run ID='${runId}'.`,
  );
}

/** Two of the tags are columns of the run as well. */
async function writeTags(tx: Transaction, run: RunRow, tags: readonly KeyValue[]): Promise<void> {
  if (tags.length === 0) return;
  const byKey = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  await setTags(tx, run.run_id, byKey);
  const name = byKey['mlflow.runName'] ?? '';
  const parent = byKey['mlflow.parentRunId'];
  if (name !== '' || (parent !== undefined && run.origin === 'client')) {
    await updateRun(tx, run.run_id, {
      ...run,
      ...(name === '' ? {} : { name }),
      ...(parent !== undefined && run.origin === 'client' ? { parent_run_id: parent } : {}),
    });
  }
}
