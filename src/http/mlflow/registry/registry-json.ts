import type { ModelRecord, VersionRecord } from '../../../registry/actions/find-registered.ts';
import { keyValues, present } from '../values.ts';

/** A version as MLflow's JSON has it. Every version is ready: its files are there before its number is. */
export function versionJson(version: VersionRecord): Record<string, unknown> {
  return present({
    name: version.model,
    version: version.version,
    creation_timestamp: version.created_at_ms,
    last_updated_timestamp: version.updated_at_ms,
    current_stage: version.stage,
    description: version.description,
    source: version.source,
    run_id: version.source_run_id,
    run_link: version.run_link,
    status: 'READY',
    tags: listOrNothing(keyValues(version.tags)),
    aliases: listOrNothing(version.aliases),
  });
}

/** A model as MLflow's JSON has it. */
export function modelJson(model: ModelRecord): Record<string, unknown> {
  return present({
    name: model.name,
    creation_timestamp: model.created_at_ms,
    last_updated_timestamp: model.updated_at_ms,
    description: model.description === '' ? null : model.description,
    latest_versions: listOrNothing(model.latest.map(versionJson)),
    tags: listOrNothing(keyValues(model.tags)),
    aliases: listOrNothing(model.aliases),
  });
}

/** Empty lists are unset fields. */
function listOrNothing<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length > 0 ? items : undefined;
}
