import {
  countOf,
  group,
  splitLast,
  type Group,
  type LineageKind,
  type Step,
} from '../lineage-kind.ts';
import { clientRun, findRun, findVersion } from '../lineage-store.ts';
import { alarmNode, predictionNode, releaseNode, runNode, versionNode } from '../nodes.ts';

type Named = { model: string; version: string };

function namedBy(id: string): Named | undefined {
  const [model, version] = splitLast(id, '/') ?? [];
  return model === undefined || version === undefined ? undefined : { model, version };
}

export const modelVersionKind: LineageKind = {
  kind: 'model-version',
  async find(db, id) {
    const named = namedBy(id);
    const row = named && (await findVersion(db, named));
    return row && versionNode(row);
  },
  async up({ db }, id) {
    const named = namedBy(id);
    const row = named && (await findVersion(db, named));
    const runId = row?.run_id ?? row?.source_run_id;
    if (!runId) return [];
    const run = await findRun(db, runId);
    return [group('run', 'made', [run ? runNode(run) : await clientRun(db, runId)])];
  },
  async down(step, id) {
    const named = namedBy(id);
    if (!named) return [];
    const releases = await step.db
      .selectFrom('releases')
      .selectAll()
      .where('model', '=', named.model)
      .where('version', '=', named.version)
      .orderBy('created_at_ms', 'desc')
      .execute();
    const endpoints = [...new Set(releases.map((release) => release.endpoint))];
    return [
      group('release', 'was released by', releases.map(releaseNode)),
      await alarmsOf(step, named, endpoints),
      await predictionsOf(step, named, endpoints),
    ];
  },
};

/** Alarms its monitors raised while it served. */
async function alarmsOf({ db }: Step, named: Named, endpoints: readonly string[]): Promise<Group> {
  const monitors =
    endpoints.length === 0
      ? []
      : await db
          .selectFrom('monitors')
          .select('monitor')
          .where('endpoint', 'in', [...endpoints])
          .execute();
  const rows =
    monitors.length === 0
      ? []
      : await db
          .selectFrom('alarms')
          .selectAll()
          .where(
            'monitor',
            'in',
            monitors.map((row) => row.monitor),
          )
          .where('model', '=', named.model)
          .where('version', '=', named.version)
          .orderBy('opened_ms', 'desc')
          .execute();
  return group('alarm', 'raised', rows.map(alarmNode));
}

/** Counted by the hour; single ones are read only for whoever asks for them. */
async function predictionsOf(
  step: Step,
  named: Named,
  endpoints: readonly string[],
): Promise<Group> {
  const found: Group = { kind: 'prediction', label: 'answered', nodes: [], total: 0 };
  if (endpoints.length === 0) return found;
  const total = await step.db
    .selectFrom('prediction_hours')
    .select((eb) => eb.fn.sum<number | string | null>('requests').as('count'))
    .where('endpoint', 'in', [...endpoints])
    .where('version', '=', named.version)
    .where('model', '=', named.model)
    .executeTakeFirst();
  const take = step.take('prediction');
  const rows =
    take === 0
      ? []
      : await step.db
          .selectFrom('predictions')
          .select(['prediction_id', 'endpoint', 'error', 'label', 'at_ms'])
          .where('model', '=', named.model)
          .where('version', '=', named.version)
          .orderBy('at_ms', 'desc')
          .orderBy('position', 'desc')
          .limit(take)
          .execute();
  return { ...found, nodes: rows.map(predictionNode), total: countOf(total) };
}
