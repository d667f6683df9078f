import type { Context } from '../../context.ts';
import { findTrackedRun, readTag, setTags } from '../tracking-store.ts';
import { invalid, notFound } from '../validate.ts';
import { checkRunActive } from './change-client-run.ts';

const HISTORY = 'mlflow.log-model.history';
const NEEDED = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'];
const KEPT = [...NEEDED, 'model_uuid'];

/** Adds a model that an older client logged to the run's list of them, which is a tag. */
export async function recordModel(
  ctx: Pick<Context, 'db'>,
  runId: string,
  modelJson: string,
): Promise<void> {
  const model = parsed(modelJson);
  const missing = NEEDED.filter((name) => !(name in model));
  if (missing.length > 0) {
    throw invalid(
      `Model json is missing mandatory fields: {${missing.map((name) => `'${name}'`).join(', ')}}`,
    );
  }
  const entry = Object.fromEntries(KEPT.map((name) => [name, model[name]]));
  await ctx.db.transaction().execute(async (tx) => {
    const run = await findTrackedRun(tx, runId);
    if (!run) throw notFound(`Run with id=${runId} not found`);
    checkRunActive(run);
    const before = await readTag(tx, runId, HISTORY);
    const list = before === undefined ? [] : (JSON.parse(before) as unknown[]);
    await setTags(tx, runId, { [HISTORY]: JSON.stringify([...list, entry]) });
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw invalid(`Malformed model info. \n ${text} \n is not a valid JSON.`);
}
