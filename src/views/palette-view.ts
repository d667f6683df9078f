import type { PaletteItem } from '../contract/views/frame-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import { isModel } from './prompt-models.ts';

/** What the palette can go to beside the screens: names, and the newest of what is numbered. */
export async function paletteItems(db: ReadDatabase): Promise<PaletteItem[]> {
  const datasets = await db.selectFrom('datasets').select('name').orderBy('name').execute();
  const models = await db
    .selectFrom('models')
    .select('name')
    .where(isModel())
    .orderBy('name')
    .execute();
  const endpoints = await db.selectFrom('monitors').select('endpoint').distinct().execute();
  const versions = await db
    .selectFrom('model_versions')
    .select(['model', 'version', 'state'])
    .orderBy('created_at_ms', 'desc')
    .limit(50)
    .execute();
  const releases = await db
    .selectFrom('releases')
    .select(['release_id', 'model', 'version', 'endpoint', 'state'])
    .orderBy('created_at_ms', 'desc')
    .limit(50)
    .execute();
  const runs = await db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'pipeline', 'state'])
    .orderBy('started_at_ms', 'desc')
    .limit(50)
    .execute();
  const features = await db
    .selectFrom('feature_views')
    .select('name')
    .where('state', '=', 'current')
    .orderBy('name')
    .execute();
  const triggers = await db
    .selectFrom('triggers')
    .select('trigger')
    .where('active', '=', 1)
    .orderBy('trigger')
    .execute();
  const commits = await db
    .selectFrom('commits')
    .select(['sha', 'subject', 'state'])
    .orderBy('number', 'desc')
    .limit(50)
    .execute();
  const alarms = await db
    .selectFrom('alarms')
    .select(['alarm_id', 'monitor', 'state'])
    .orderBy('opened_ms', 'desc')
    .limit(20)
    .execute();
  return [
    ...datasets.map(({ name }) => ({ kind: 'dataset', text: name, to: `/datasets/${name}` })),
    ...features.map(({ name }) => ({ kind: 'feature view', text: name, to: `/features/${name}` })),
    ...models.map(({ name }) => ({ kind: 'model', text: name, to: `/models/${name}` })),
    ...endpoints.map(({ endpoint }) => ({
      kind: 'endpoint',
      text: endpoint,
      to: `/endpoints/${endpoint}`,
    })),
    ...versions.map((row) => ({
      kind: `version, ${row.state}`,
      text: `${row.model} ${row.version}`,
      to: `/models/${row.model}/${row.version}`,
    })),
    ...releases.map((row) => ({
      kind: `release, ${row.state}`,
      text: `${row.model} ${row.version} to ${row.endpoint}`,
      to: `/releases/${row.release_id}`,
    })),
    ...runs.map((row) => ({
      kind: `run, ${row.state}`,
      text: `${row.pipeline} ${row.run_id}`,
      to: `/runs/${row.run_id}`,
    })),
    ...commits.map((row) => ({
      kind: `commit, ${row.state}`,
      text: `${row.sha.slice(0, 8)} ${row.subject}`,
      to: `/commits/${row.sha}`,
    })),
    ...triggers.map(({ trigger }) => ({
      kind: 'trigger',
      text: trigger,
      to: `/triggers?trigger=${encodeURIComponent(trigger)}`,
    })),
    ...alarms.map((row) => ({
      kind: `alarm, ${row.state}`,
      text: `${row.monitor} ${row.alarm_id}`,
      to: `/alarms/${row.alarm_id}`,
    })),
  ];
}

/** Runs that a person may still cancel, newest first. */
export async function unfinishedRuns(
  db: ReadDatabase,
): Promise<{ runId: string; pipeline: string }[]> {
  const rows = await db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'pipeline'])
    .where('state', 'in', ['queued', 'running'])
    .orderBy('started_at_ms', 'desc')
    .limit(20)
    .execute();
  return rows.map((row) => ({ runId: row.run_id, pipeline: row.pipeline }));
}

/** The commit that runs use, if another was in force before it. */
export async function commitInForce(db: ReadDatabase): Promise<string | undefined> {
  const row = await db
    .selectFrom('deployments')
    .select('sha')
    .where('state', '=', 'in-force')
    .where('before_number', 'is not', null)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.sha;
}
