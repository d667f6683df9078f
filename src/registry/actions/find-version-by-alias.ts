import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import {
  latestOf,
  readRecord,
  requireModel,
  type VersionRecord,
} from '../registered-model-store.ts';
import { checkAlias, invalid } from '../registry-names.ts';
import { findAlias } from '../registry-store.ts';

/** The version an alias points at; `latest` is the newest. Throws RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE. */
export async function findVersionByAlias(
  ctx: Pick<Context, 'db'>,
  query: { name: string; alias: string },
): Promise<VersionRecord> {
  const { name, alias } = query;
  checkAlias(alias, 'find');
  await requireModel(ctx.db, name);
  if (alias.toLowerCase() === 'latest') {
    const newest = (await latestOf(ctx.db, [name], 'with aliases')).at(-1);
    if (newest) return newest;
    throw new AppError('RESOURCE_DOES_NOT_EXIST', `Latest version not found for model ${name}.`);
  }
  const version = await findAlias(ctx.db, name, alias);
  if (version === undefined) throw invalid(`Registered model alias ${alias} not found.`);
  return readRecord(ctx.db, name, version);
}
