import type { Station } from '../contract/views/home-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import { counted, figure, percent } from './words.ts';

/** The eight stations of the loop: last outcome, when it was, and how much happened since an instant. */
export async function loopStations(db: ReadDatabase, sinceMs: number): Promise<Station[]> {
  return [
    await dataStation(db, sinceMs),
    await checksStation(db, sinceMs),
    await trainStation(db, sinceMs),
    await gateStation(db, sinceMs),
    await rollOutStation(db, sinceMs),
    await serveStation(db, sinceMs),
    await monitorStation(db, sinceMs),
    await triggerStation(db, sinceMs),
  ];
}

const nothing = { state: 'none', atMs: null, weekCount: 0, running: false } as const;

async function dataStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'data', unit: 'files', to: '/datasets' } as const;
  const last = await db
    .selectFrom('datasets')
    .select(['name', 'changed_at_ms', 'row_count', 'quarantined_count', 'file_count'])
    .orderBy('changed_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last || last.file_count === 0) return { ...base, ...nothing, text: 'no file yet' };
  const week = await db
    .selectFrom('dataset_files')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('registered_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return {
    ...base,
    state: last.quarantined_count > 0 ? 'quarantined' : 'accepted',
    text: `${last.name}, ${counted(last.row_count, 'row')}`,
    atMs: last.changed_at_ms,
    weekCount: Number(week.count),
    running: false,
  };
}

async function checksStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'checks', unit: 'validations', to: '/datasets' } as const;
  const last = await db
    .selectFrom('validations')
    .select(['passed', 'total', 'failed', 'created_at_ms', 'dataset'])
    .orderBy('created_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'nothing checked yet' };
  const week = await db
    .selectFrom('validations')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('created_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return {
    ...base,
    state: last.passed === 1 ? 'passed' : 'failed',
    text:
      last.passed === 1
        ? `${counted(last.total, 'check')} hold`
        : `${last.failed} of ${last.total} broken`,
    atMs: last.created_at_ms,
    weekCount: Number(week.count),
    to: last.dataset === null ? base.to : `/datasets/${last.dataset}`,
    running: false,
  };
}

async function trainStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'train', unit: 'runs', to: '/runs' } as const;
  const last = await db
    .selectFrom('pipeline_runs')
    .select([
      'run_id',
      'pipeline',
      'state',
      'started_at_ms',
      'steps_done',
      'steps_total',
      'failed_step',
    ])
    .orderBy('started_at_ms', 'desc')
    .orderBy('run_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'nothing has run yet' };
  const week = await db
    .selectFrom('pipeline_runs')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('started_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  const running = last.state === 'running' || last.state === 'queued';
  return {
    ...base,
    state: last.state,
    text: running
      ? `step ${last.steps_done + 1} of ${last.steps_total}`
      : last.failed_step
        ? `stopped in ${last.failed_step}`
        : last.pipeline,
    atMs: last.started_at_ms,
    weekCount: Number(week.count),
    to: `/runs/${last.run_id}`,
    running,
  };
}

async function gateStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'gate', unit: 'candidates', to: '/models' } as const;
  const last = await db
    .selectFrom('model_versions')
    .select(['model', 'version', 'state', 'changed_at_ms'])
    // What a client registered is before no gate.
    .where('state', '!=', 'registered')
    .orderBy('created_at_ms', 'desc')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'no candidate yet' };
  const week = await db
    .selectFrom('model_versions')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('created_at_ms', '>=', sinceMs)
    .where('state', '!=', 'registered')
    .executeTakeFirstOrThrow();
  const judged =
    last.state === 'candidate' ? 'candidate' : last.state === 'refused' ? 'refused' : 'passed';
  return {
    ...base,
    state: judged,
    text: `${last.model} ${last.version}`,
    atMs: last.changed_at_ms,
    weekCount: Number(week.count),
    to: `/models/${last.model}/${last.version}`,
    running: judged === 'candidate',
  };
}

async function rollOutStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'roll-out', unit: 'releases', to: '/releases' } as const;
  const last = await db
    .selectFrom('releases')
    .select([
      'release_id',
      'version',
      'state',
      'stage',
      'created_at_ms',
      'ended_at_ms',
      'stage_started_at_ms',
    ])
    .orderBy('created_at_ms', 'desc')
    .orderBy('release_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'no release yet' };
  const week = await db
    .selectFrom('releases')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('created_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return {
    ...base,
    state: last.state,
    text:
      last.state === 'running'
        ? `version ${last.version} at ${last.stage}`
        : `version ${last.version}`,
    atMs: last.ended_at_ms ?? last.stage_started_at_ms ?? last.created_at_ms,
    weekCount: Number(week.count),
    to: `/releases/${last.release_id}`,
    running: last.state === 'running',
  };
}

async function serveStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'serve', unit: 'requests', to: '/endpoints' } as const;
  const week = await db
    .selectFrom('prediction_hours')
    .select((eb) => [
      eb.fn.sum<number | string>('requests').as('requests'),
      eb.fn.sum<number | string>('failed').as('failed'),
      eb.fn.max('hour_ms').as('last'),
    ])
    .where('hour_ms', '>=', sinceMs)
    .executeTakeFirst();
  const requests = Number(week?.requests ?? 0);
  if (requests === 0) return { ...base, ...nothing, text: 'no request this week' };
  const failed = Number(week?.failed ?? 0);
  return {
    ...base,
    state: failed > 0 ? 'warned' : 'ok',
    text:
      failed === 0 ? 'every request answered' : `${percent(failed / requests)} without an answer`,
    atMs: week?.last ?? null,
    weekCount: requests,
    running: false,
  };
}

async function monitorStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'monitor', unit: 'windows', to: '/monitors' } as const;
  const open = await db
    .selectFrom('alarms')
    .select(['monitor', 'effect', 'effect_unit'])
    .where('state', '=', 'open')
    .orderBy('opened_ms', 'desc')
    .execute();
  const last = await db
    .selectFrom('monitors')
    .select(['state', 'updated_ms', 'monitor'])
    .where('active', '=', 1)
    .orderBy('updated_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'nothing watched yet' };
  const week = await db
    .selectFrom('monitor_windows')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('evaluated_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  const [first] = open;
  return {
    ...base,
    state: first ? 'alarm' : last.state,
    text: first
      ? `${first.monitor}${first.effect === null ? '' : `, ${figure(first.effect)} ${first.effect_unit}`}`
      : 'no open alarm',
    atMs: last.updated_ms,
    weekCount: Number(week.count),
    running: false,
  };
}

async function triggerStation(db: ReadDatabase, sinceMs: number): Promise<Station> {
  const base = { key: 'trigger', unit: 'firings', to: '/runs' } as const;
  const last = await db
    .selectFrom('trigger_firings')
    .select(['trigger', 'state', 'created_ms', 'run_id'])
    .orderBy('created_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return { ...base, ...nothing, text: 'nothing fired yet' };
  const week = await db
    .selectFrom('trigger_firings')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('created_ms', '>=', sinceMs)
    .where('state', '=', 'fired')
    .executeTakeFirstOrThrow();
  return {
    ...base,
    state: last.state,
    text: last.trigger,
    atMs: last.created_ms,
    weekCount: Number(week.count),
    to: last.run_id === null ? base.to : `/runs/${last.run_id}`,
    running: last.state === 'claimed',
  };
}
