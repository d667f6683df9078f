import type { CommitRecords, StationRecord } from '../contract/views/commits-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { CommitCheckRow, CommitRow } from '../storage/database/tables/commits.ts';
import type { ReleaseRow } from '../storage/database/tables/delivery.ts';
import { counted, reasonOnly } from './words.ts';

const NOT_REACHED: StationRecord = {
  state: 'waiting',
  atMs: null,
  durationMs: null,
  summary: 'Not reached yet.',
  eventIds: [],
  links: [],
};

/** The six stations of a commit: what was pushed, tested, deployed, trained by it, served from it, seen of it. */
export async function commitRecords(
  db: ReadDatabase,
  commit: CommitRow,
  checks: readonly CommitCheckRow[],
): Promise<CommitRecords> {
  const service = await serviceOf(db, commit.sha);
  return {
    source: await sourceOf(db, commit),
    ci: await ciOf(db, commit, checks),
    deployment: await deploymentOf(db, commit),
    training: await trainingOf(db, commit.sha),
    service: service.record,
    monitoring: service.promoted ? await monitoringOf(db, service.promoted) : NOT_REACHED,
  };
}

async function sourceOf(db: ReadDatabase, commit: CommitRow): Promise<StationRecord> {
  return {
    ...NOT_REACHED,
    state: 'done',
    atMs: commit.seen_ms,
    summary: `"${commit.subject}" by ${commit.author} on ${commit.branch}.`,
    eventIds: await eventIds(db, { kind: 'commit', id: commit.sha }, ['commit.seen']),
  };
}

async function ciOf(
  db: ReadDatabase,
  commit: CommitRow,
  checks: readonly CommitCheckRow[],
): Promise<StationRecord> {
  const record = {
    ...NOT_REACHED,
    atMs: commit.finished_ms ?? commit.started_ms,
    durationMs: commit.duration_ms,
    eventIds: await eventIds(db, { kind: 'commit', id: commit.sha }, [
      'ci.started',
      'bundle.built',
      'ci.finished',
    ]),
  };
  if (commit.state === 'queued') return { ...record, summary: 'It waits for its tests.' };
  if (commit.state === 'testing') return { ...record, state: 'running', summary: 'Its tests run.' };
  const count = (state: string): number => checks.filter((check) => check.state === state).length;
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} had nothing to look at` : '';
  if (count('failed') === 0) {
    const summary = `${counted(count('passed'), 'check')} passed${skipped}.`;
    return { ...record, state: 'done', summary };
  }
  const failed = checks.filter((check) => check.state === 'failed');
  return { ...record, state: 'failed', summary: failed.map((check) => check.summary).join(' ') };
}

async function deploymentOf(db: ReadDatabase, commit: CommitRow): Promise<StationRecord> {
  if (commit.state === 'failed')
    return { ...NOT_REACHED, summary: 'Not deployed: its checks failed.' };
  if (commit.state === 'passed')
    return { ...NOT_REACHED, summary: 'It is deployed when no run is at work.' };
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('sha', '=', commit.sha)
    .orderBy('number')
    .execute();
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) {
    return commit.state === 'replaced'
      ? { ...NOT_REACHED, summary: commit.reason ?? 'A newer commit was deployed instead.' }
      : NOT_REACHED;
  }
  const said: Record<string, string> = {
    'in-force': 'Runs use it.',
    replaced: 'Deployed; a newer commit took its place.',
    'rolled-back': `Taken back: ${commit.reason ?? ''}`,
  };
  return {
    ...NOT_REACHED,
    state: last.state === 'rolled-back' ? 'failed' : 'done',
    atMs: first.at_ms,
    durationMs: commit.finished_ms === null ? null : first.at_ms - commit.finished_ms,
    summary: said[last.state] ?? 'Deployed.',
    eventIds: await eventIds(db, { kind: 'commit', id: commit.sha }, [
      'pipeline.deployed',
      'pipeline.rolled-back',
    ]),
  };
}

/** The first run of the commit that ended well; while there is none, its last one. */
async function trainingOf(db: ReadDatabase, sha: string): Promise<StationRecord> {
  const runs = (): ReturnType<typeof select> => select(db, sha);
  const done = await runs().where('state', '=', 'succeeded').orderBy('run_id').executeTakeFirst();
  const run = done ?? (await runs().orderBy('run_id', 'desc').executeTakeFirst());
  if (!run) return NOT_REACHED;
  const state = { succeeded: 'done', failed: 'failed', cancelled: 'failed' } as const;
  const version = await db
    .selectFrom('model_versions')
    .select(['model', 'version'])
    .where('run_id', '=', run.run_id)
    .executeTakeFirst();
  const made = version ? ` and made ${version.model} ${version.version}` : '';
  return {
    state: state[run.state as keyof typeof state] ?? 'running',
    atMs: run.started_at_ms,
    durationMs: run.duration_ms,
    summary:
      run.state === 'succeeded'
        ? `A run of ${run.pipeline} ended well${made}.`
        : `A run of ${run.pipeline} is ${run.state}${run.reason === null ? '' : `: ${run.reason}`}.`,
    eventIds: await eventIds(db, { kind: 'run', id: run.run_id }, [
      'run.started',
      'run.succeeded',
      'run.failed',
      'run.cancelled',
    ]),
    links: [
      { label: run.run_id, to: `/runs/${run.run_id}` },
      ...(version
        ? [
            {
              label: `${version.model} ${version.version}`,
              to: `/models/${version.model}/${version.version}`,
            },
          ]
        : []),
    ],
  };
}

function select(db: ReadDatabase, sha: string) {
  return db.selectFrom('pipeline_runs').selectAll().where('commit_sha', '=', sha).limit(1);
}

type Served = Pick<
  ReleaseRow,
  'release_id' | 'endpoint' | 'model' | 'version' | 'state' | 'stage' | 'reason'
> & { started_at_ms: number | null; ended_at_ms: number | null };

/** The first promoted release of a model that the commit's runs trained; while there is none, how far the last got. */
async function serviceOf(
  db: ReadDatabase,
  sha: string,
): Promise<{ record: StationRecord; promoted: Served | null }> {
  const versions = await db
    .selectFrom('model_versions')
    .innerJoin('pipeline_runs', 'pipeline_runs.run_id', 'model_versions.run_id')
    .select(['model_versions.model', 'model_versions.version', 'model_versions.number'])
    .select(['model_versions.state', 'model_versions.reason', 'model_versions.changed_at_ms'])
    .where('pipeline_runs.commit_sha', '=', sha)
    .orderBy('model_versions.number')
    .execute();
  const last = versions.at(-1);
  if (!last) return { record: NOT_REACHED, promoted: null };
  const releases: Served[] = await db
    .selectFrom('releases')
    .innerJoin('model_versions', (join) =>
      join
        .onRef('model_versions.model', '=', 'releases.model')
        .onRef('model_versions.version', '=', 'releases.version'),
    )
    .innerJoin('pipeline_runs', 'pipeline_runs.run_id', 'model_versions.run_id')
    .select(['releases.release_id', 'releases.endpoint', 'releases.model', 'releases.version'])
    .select(['releases.state', 'releases.stage', 'releases.reason'])
    .select(['releases.started_at_ms', 'releases.ended_at_ms'])
    .where('pipeline_runs.commit_sha', '=', sha)
    .orderBy('releases.created_at_ms')
    .orderBy('releases.release_id')
    .execute();
  const promoted = releases.find((release) => release.state === 'promoted') ?? null;
  const shown = promoted ?? releases.findLast((release) => release.version === last.version);
  if (shown) return { record: await releaseRecord(db, shown), promoted };
  const refused = last.state === 'refused' || last.state === 'rolled-back';
  return {
    record: {
      ...NOT_REACHED,
      state: refused ? 'failed' : 'running',
      atMs: last.changed_at_ms,
      summary: `${last.model} ${last.version} is ${last.state}${last.reason === null ? '' : `: ${reasonOnly(last.reason)}`}`,
      eventIds: refused ? await refusalIds(db, last) : [],
      links: [
        { label: `${last.model} ${last.version}`, to: `/models/${last.model}/${last.version}` },
      ],
    },
    promoted: null,
  };
}

async function releaseRecord(db: ReadDatabase, release: Served): Promise<StationRecord> {
  const state = { promoted: 'done', running: 'running', waiting: 'waiting' } as const;
  const took =
    release.ended_at_ms === null || release.started_at_ms === null
      ? null
      : release.ended_at_ms - release.started_at_ms;
  return {
    state: state[release.state as keyof typeof state] ?? 'failed',
    atMs: release.ended_at_ms ?? release.started_at_ms,
    durationMs: took,
    summary:
      release.state === 'promoted'
        ? `${release.model} ${release.version} serves ${release.endpoint}: ${reasonOnly(release.reason)}`
        : `${release.model} ${release.version} is ${release.state} at ${release.stage}: ${reasonOnly(release.reason)}`,
    eventIds: await eventIds(db, { kind: 'release', id: release.release_id }, [
      'release.started',
      'release.promoted',
      'release.rolled-back',
      'release.expired',
      'release.withdrawn',
    ]),
    links: [
      { label: release.release_id, to: `/releases/${release.release_id}` },
      { label: release.endpoint, to: `/endpoints/${release.endpoint}` },
    ],
  };
}

async function refusalIds(
  db: ReadDatabase,
  version: { model: string; version: string },
): Promise<string[]> {
  const rows = await db
    .selectFrom('events')
    .select(['event_id', 'data'])
    .where('subject_kind', '=', 'model')
    .where('subject_id', '=', version.model)
    .where('type', '=', 'candidate.refused')
    .orderBy('position', 'desc')
    .limit(50)
    .execute();
  return rows
    .filter((row) => (JSON.parse(row.data) as { version?: string }).version === version.version)
    .map((row) => row.event_id);
}

/** The first window in which the service was looked at, and its first alarm. */
async function monitoringOf(db: ReadDatabase, served: Served): Promise<StationRecord> {
  const window = await db
    .selectFrom('monitor_windows')
    .selectAll()
    .where('endpoint', '=', served.endpoint)
    .where('version', '=', served.version)
    .where('verdict', '<>', 'reference')
    .where('to_ms', '>=', served.ended_at_ms ?? 0)
    .orderBy('from_ms')
    .limit(1)
    .executeTakeFirst();
  const alarm = await db
    .selectFrom('alarms')
    .select(['alarm_id', 'opened_ms', 'opened_event', 'monitor'])
    .where('endpoint', '=', served.endpoint)
    .where('version', '=', served.version)
    .where('opened_ms', '>=', served.ended_at_ms ?? 0)
    .orderBy('opened_ms')
    .limit(1)
    .executeTakeFirst();
  if (!window && !alarm)
    return { ...NOT_REACHED, summary: 'No window of its service has been looked at yet.' };
  return {
    ...NOT_REACHED,
    state: 'done',
    atMs: window?.evaluated_ms ?? alarm?.opened_ms ?? null,
    durationMs: window ? window.to_ms - window.from_ms : null,
    summary: [
      window ? `${window.monitor}: ${window.sentence}` : '',
      alarm ? `${alarm.monitor} opened an alarm.` : '',
    ]
      .filter((text) => text !== '')
      .join(' '),
    eventIds: [
      ...(window ? await evaluationIds(db, window) : []),
      ...(alarm ? [alarm.opened_event] : []),
    ],
    links: [
      { label: served.endpoint, to: `/endpoints/${served.endpoint}` },
      ...(alarm ? [{ label: alarm.alarm_id, to: `/alarms/${alarm.alarm_id}` }] : []),
    ],
  };
}

async function evaluationIds(
  db: ReadDatabase,
  window: { monitor: string; evaluated_ms: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('events')
    .select('event_id')
    .where('subject_kind', '=', 'monitor')
    .where('subject_id', '=', window.monitor)
    .where('type', '=', 'monitor.evaluated')
    .where('at_ms', '=', window.evaluated_ms)
    .orderBy('position')
    .limit(1)
    .execute();
  return rows.map((row) => row.event_id);
}

async function eventIds(
  db: ReadDatabase,
  subject: { kind: string; id: string },
  types: readonly string[],
): Promise<string[]> {
  const rows = await db
    .selectFrom('events')
    .select('event_id')
    .where('subject_kind', '=', subject.kind)
    .where('subject_id', '=', subject.id)
    .where('type', 'in', [...types])
    .orderBy('position')
    .limit(20)
    .execute();
  return rows.map((row) => row.event_id);
}
