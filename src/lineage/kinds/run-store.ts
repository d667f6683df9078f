import type { ReadDatabase } from '../../storage/database/database.ts';
import { group, type Group, type LineageKind } from '../lineage-kind.ts';
import { clientRun, findAlarm, findDatasetVersion, findRun } from '../lineage-store.ts';
import { alarmNode, datasetNode, runNode, versionNode } from '../nodes.ts';
import { codeOfRun } from './commit-store.ts';

export const runKind: LineageKind = {
  kind: 'run',
  async find(db, id) {
    const run = await findRun(db, id);
    if (run) return runNode(run);
    return clientRun(db, id);
  },
  async up({ db }, id) {
    const run = await findRun(db, id);
    if (!run) return [];
    const versions = await Promise.all(
      Object.entries(datasetPins(run.pins)).map(([dataset, number]) =>
        findDatasetVersion(db, `${dataset}@${number}`),
      ),
    );
    return [
      ...(await codeOfRun(db, run)),
      group(
        'dataset-version',
        'was read by',
        versions.map((version) => version && datasetNode(version)),
      ),
      await alarmBehind(db, run.cause),
    ];
  },
  async down({ db }, id) {
    const rows = await db
      .selectFrom('model_versions')
      .selectAll()
      .where((eb) =>
        eb.or([
          eb('source_run_id', '=', id),
          eb(
            'source_run_id',
            'in',
            eb.selectFrom('step_runs').select('step_run_id').where('run_id', '=', id),
          ),
        ]),
      )
      .orderBy('number', 'desc')
      .execute();
    return [group('model-version', 'made', rows.map(versionNode))];
  },
};

/** Dataset to version number, as the run was pinned. */
function datasetPins(pins: string | null): Record<string, number> {
  if (pins === null) return {};
  const { datasets = {} } = JSON.parse(pins) as {
    datasets?: Record<string, { number?: number }>;
  };
  return Object.fromEntries(
    Object.entries(datasets).flatMap(([dataset, { number }]) =>
      number === undefined ? [] : [[dataset, number]],
    ),
  );
}

/** The alarm whose event started the run. */
async function alarmBehind(db: ReadDatabase, cause: string): Promise<Group> {
  const { eventId } = JSON.parse(cause) as { eventId?: string };
  const event =
    eventId === undefined
      ? undefined
      : await db
          .selectFrom('events')
          .select(['subject_kind', 'subject_id'])
          .where('event_id', '=', eventId)
          .executeTakeFirst();
  const alarm = event?.subject_kind !== 'alarm' ? undefined : await findAlarm(db, event.subject_id);
  return group('alarm', 'started', [alarm && alarmNode(alarm)]);
}
