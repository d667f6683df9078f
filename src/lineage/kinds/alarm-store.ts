import { group, type LineageKind } from '../lineage-kind.ts';
import { findAlarm, findVersion } from '../lineage-store.ts';
import { alarmNode, runNode, versionNode } from '../nodes.ts';

/**
 * Alarms close the circle: a version raises one, it starts a run, the run makes a version. Followed on from an alarm only
 * beside what was asked for, so that a lineage is that of one generation.
 */
export const alarmKind: LineageKind = {
  kind: 'alarm',
  async find(db, id) {
    const row = await findAlarm(db, id);
    return row && alarmNode(row);
  },
  async up({ db, depth }, id) {
    const alarm = depth > 1 ? undefined : await findAlarm(db, id);
    const version =
      alarm && (await findVersion(db, { model: alarm.model, version: alarm.version }));
    return [group('model-version', 'raised', [version && versionNode(version)])];
  },
  async down({ db, depth }, id) {
    const alarm = depth > 1 ? undefined : await findAlarm(db, id);
    if (!alarm) return [];
    const triggers = await db.selectFrom('triggers').select('trigger').execute();
    const firings =
      triggers.length === 0
        ? []
        : await db
            .selectFrom('trigger_firings')
            .innerJoin('pipeline_runs', 'pipeline_runs.run_id', 'trigger_firings.run_id')
            .select([
              'pipeline_runs.run_id',
              'pipeline_runs.pipeline',
              'pipeline_runs.state',
              'pipeline_runs.started_at_ms',
            ])
            .where(
              'trigger_firings.trigger',
              'in',
              triggers.map((row) => row.trigger),
            )
            .where('trigger_firings.occasion', '=', alarm.opened_event)
            .orderBy('pipeline_runs.run_id', 'desc')
            .execute();
    return [group('run', 'started', firings.map(runNode))];
  },
};
