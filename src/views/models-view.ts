import type {
  LifeMark,
  ModelsView,
  ModelView,
  VersionItem,
  VersionView,
} from '../contract/views/models-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { ModelVersionRow } from '../storage/database/tables/registry.ts';
import { jsonColumn } from './json-column.ts';
import { isModel } from './prompt-models.ts';
import { kpiPoints } from './kpi-points.ts';
import { recentDecisions } from './recent-decisions.ts';
import { servingLoss } from './serving-loss.ts';
import { counted, figure, reasonOnly } from './words.ts';

/** What a view needs of the project file about endpoints. */
export type EndpointOfProject = { endpoint: string; model: string; lossMetric: string };
type Range = { from?: number | undefined; to?: number | undefined };

/** Models with their champion, their newest version, and the champion's loss week by week. */
export async function modelsView(
  db: ReadDatabase,
  endpoints: readonly EndpointOfProject[],
): Promise<ModelsView> {
  const models = await db
    .selectFrom('models')
    .selectAll()
    .where(isModel())
    .orderBy('name')
    .execute();
  const items: ModelsView['items'] = [];
  for (const model of models) {
    const counts = await db
      .selectFrom('model_versions')
      .select((eb) => [
        'state',
        eb.fn.countAll<number | string>().as('count'),
        eb.fn.max('number').as('newest'),
      ])
      .where('model', '=', model.name)
      .groupBy('state')
      .execute();
    const newest = Math.max(0, ...counts.map((count) => Number(count.newest)));
    const champion = await db
      .selectFrom('model_aliases')
      .select('version')
      .where('model', '=', model.name)
      .where('alias', '=', 'champion')
      .executeTakeFirst();
    const rows = await db
      .selectFrom('model_versions')
      .selectAll()
      .where('model', '=', model.name)
      .where((eb) =>
        eb.or([eb('number', '=', newest), eb('version', '=', champion?.version ?? '')]),
      )
      .execute();
    const found = await versionItems(db, rows);
    const own = endpoints.filter((endpoint) => endpoint.model === model.name);
    const [first] = own;
    const loss = first ? await servingLoss(db, first.endpoint) : [];
    items.push({
      model: model.name,
      champion: found.find((item) => item.version === champion?.version) ?? null,
      latest: found.find((item) => item.version === String(newest)) ?? null,
      versions: model.last_number,
      states: Object.fromEntries(counts.map((count) => [count.state, Number(count.count)])),
      endpoints: own.map((endpoint) => endpoint.endpoint),
      lossOfWeeks: loss.map((week) => (week.enough ? week.estimate.value : null)),
      lossMetric: first?.lossMetric ?? 'log_loss',
    });
  }
  return { items };
}

async function versionItems(
  db: ReadDatabase,
  rows: readonly ModelVersionRow[],
): Promise<VersionItem[]> {
  if (rows.length === 0) return [];
  const models = [...new Set(rows.map((row) => row.model))];
  const aliases = await db
    .selectFrom('model_aliases')
    .selectAll()
    .where('model', 'in', models)
    .execute();
  const runs = await db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'cause'])
    // An empty name keeps the list from being empty, which Postgres does not take.
    .where('run_id', 'in', ['', ...rows.flatMap((row) => row.run_id ?? [])])
    .execute();
  return rows.map((row) => ({
    version: row.version,
    state: row.state,
    aliases: aliases
      .filter((alias) => alias.model === row.model && alias.version === row.version)
      .map((alias) => alias.alias),
    createdMs: row.created_at_ms,
    origin: row.origin,
    runId: row.run_id,
    cause:
      jsonColumn<{ text?: string }>(runs.find((run) => run.run_id === row.run_id)?.cause, {})
        .text ?? null,
    metrics: jsonColumn<Record<string, number>>(row.metrics, {}),
    reason: row.reason === null ? null : reasonOnly(row.reason),
  }));
}

/** A model: its life over time and its versions, newest first. Undefined when there is none. */
export async function modelView(
  db: ReadDatabase,
  model: string,
  options: { endpoints: readonly EndpointOfProject[]; range: Range; after?: string | undefined },
): Promise<ModelView | undefined> {
  const row = await db
    .selectFrom('models')
    .selectAll()
    .where('name', '=', model)
    .executeTakeFirst();
  if (!row) return undefined;
  const limit = 100;
  let select = db
    .selectFrom('model_versions')
    .selectAll()
    .where('model', '=', model)
    .orderBy('number', 'desc')
    .limit(limit + 1);
  if (options.after !== undefined) select = select.where('number', '<', Number(options.after));
  const rows = await select.execute();
  const versions = await versionItems(db, rows.slice(0, limit));
  const champion = await db
    .selectFrom('model_aliases')
    .select(['version', 'moved_at_ms'])
    .where('model', '=', model)
    .where('alias', '=', 'champion')
    .executeTakeFirst();
  const own = options.endpoints.filter((endpoint) => endpoint.model === model);
  const [first] = own;
  const loss = first ? await servingLoss(db, first.endpoint, options.range) : [];
  const frozen = first
    ? await kpiPoints(db, first.endpoint, (kpi) => kpi.startsWith('frozen'))
    : [];
  const life = loss.map((week) => ({
    startMs: week.startMs,
    endMs: week.endMs,
    serving: week.estimate,
    late: week.late,
    enough: week.enough,
    frozen:
      frozen[0]?.points.findLast((point) => point.atMs >= week.startMs && point.atMs < week.endMs)
        ?.value ?? null,
  }));
  const counts = await db
    .selectFrom('model_versions')
    .select((eb) => ['state', eb.fn.countAll<number | string>().as('count')])
    .where('model', '=', model)
    .groupBy('state')
    .execute();
  const refused = Number(counts.find((count) => count.state === 'refused')?.count ?? 0);
  const lastLoss = loss.findLast((week) => week.enough)?.estimate;
  const lossNow = lastLoss?.value ?? null;
  return {
    model,
    sentence: [
      champion ? `Version ${champion.version} serves.` : 'No version serves yet.',
      `${counted(row.last_number, 'version')} so far, ${refused} refused by the gates.`,
      lossNow === null
        ? ''
        : `Its realised ${first?.lossMetric ?? 'loss'} was ${figure(lossNow)} on ${counted(lastLoss?.n ?? 0, 'labelled prediction')} of the last window.`,
    ]
      .filter((part) => part !== '')
      .join(' '),
    champion: champion?.version ?? null,
    endpoints: own.map((endpoint) => endpoint.endpoint),
    lossMetric: first?.lossMetric ?? 'log_loss',
    life,
    marks: await lifeMarks(db, model, options.range),
    versions,
    next: rows.length > limit ? (versions.at(-1)?.version ?? null) : null,
  };
}

async function lifeMarks(db: ReadDatabase, model: string, range: Range): Promise<LifeMark[]> {
  const decisions = await recentDecisions(db, range.from ?? 0, { model, limit: 500 });
  const kinds: Record<string, LifeMark['kind']> = {
    refused: 'refused',
    promoted: 'promoted',
    'rolled-back': 'rolled-back',
    expired: 'expired',
    alarm: 'alarm',
  };
  const marks = decisions.flatMap((decision): LifeMark[] => {
    const kind = kinds[decision.state];
    return kind && decision.atMs !== null && (range.to === undefined || decision.atMs <= range.to)
      ? [{ atMs: decision.atMs, kind, text: decision.text, to: decision.to }]
      : [];
  });
  const data = await db
    .selectFrom('dataset_versions')
    .select(['dataset', 'number', 'rows', 'created_at_ms'])
    .where('created_at_ms', '>=', range.from ?? 0)
    .orderBy('created_at_ms', 'desc')
    .limit(400)
    .execute();
  return [
    ...marks,
    ...data.map((version): LifeMark => ({
      atMs: version.created_at_ms,
      kind: 'data',
      text: `${version.dataset} version ${version.number}, ${counted(version.rows, 'row')}`,
      to: `/datasets/${version.dataset}/${version.number}`,
    })),
  ].sort((left, right) => left.atMs - right.atMs);
}

/** A version: its gates with their evidence, what it is made of and what became of it. Undefined when there is none. */
export async function versionView(
  db: ReadDatabase,
  model: string,
  version: string,
): Promise<VersionView | undefined> {
  const row = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) return undefined;
  const [item] = await versionItems(db, [row]);
  if (!item) return undefined;
  const verdicts = await db
    .selectFrom('gate_verdicts')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('position')
    .execute();
  const produced = jsonColumn<{ datasets?: UsedDataset[] }>(row.produced, {});
  const releases = await db
    .selectFrom('releases')
    .select([
      'release_id',
      'endpoint',
      'state',
      'reason',
      'created_at_ms',
      'ended_at_ms',
      'started_at_ms',
    ])
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('created_at_ms', 'desc')
    .execute();
  const gates = verdicts.map((verdict) => ({
    kind: verdict.kind,
    state: verdict.outcome,
    sentence: reasonOnly(verdict.reason),
    atMs: verdict.at_ms,
    evidence: jsonColumn<Record<string, unknown>>(verdict.evidence, {}),
  }));
  const failed = gates.filter((gate) => gate.state === 'refused');
  return {
    model,
    item,
    sentence:
      failed.length > 0
        ? failed.map((gate) => gate.sentence).join(' ')
        : (item.reason ??
          (gates.length > 0
            ? `All ${counted(gates.length, 'gate')} passed.`
            : 'Its gates have not been asked yet.')),
    digest: row.digest,
    gates,
    slices: gates.flatMap((gate) => slicesOf(gate.kind, gate.evidence)),
    signature: jsonColumn<VersionView['signature']>(row.signature, []),
    features: jsonColumn<VersionView['features']>(row.features, []),
    lineage: [
      madeBy(row),
      ...(await datasetLinks(db, produced.datasets ?? [])),
      ...releases.map((release) => ({
        kind: 'release',
        text: `${release.endpoint}, ${release.state.replaceAll('-', ' ')}`,
        to: `/releases/${release.release_id}`,
      })),
    ],
    history: [
      ...releases.map((release) => ({
        atMs: release.ended_at_ms ?? release.started_at_ms ?? release.created_at_ms,
        state: release.state,
        text: `Release to ${release.endpoint}: ${release.reason}`,
        to: `/releases/${release.release_id}`,
        eventId: null,
      })),
      ...verdicts.map((verdict) => ({
        atMs: verdict.at_ms,
        state: verdict.outcome,
        text: `Gate ${verdict.kind}: ${reasonOnly(verdict.reason)}`,
        to: null,
        eventId: verdict.event_id,
      })),
      {
        atMs: row.created_at_ms,
        state: row.origin === 'pipeline' ? 'candidate' : 'registered',
        text:
          row.origin === 'orphan'
            ? 'Registered by a client; no run made it'
            : `Registered by ${madeBy(row).kind} ${madeBy(row).text}`,
        to: madeBy(row).to,
        eventId: null,
      },
    ],
  };
}

type UsedDataset = { dataset: string; version: number | string };

/** The dataset versions a run read; a run names them by digest, people by number. */
async function datasetLinks(
  db: ReadDatabase,
  used: readonly UsedDataset[],
): Promise<VersionView['lineage']> {
  const links: VersionView['lineage'] = [];
  for (const { dataset, version } of used) {
    const found = await db
      .selectFrom('dataset_versions')
      .select('number')
      .where('dataset', '=', dataset)
      .where((eb) =>
        typeof version === 'number' ? eb('number', '=', version) : eb('digest', '=', version),
      )
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    links.push({
      kind: 'dataset',
      text: `${dataset} version ${found?.number ?? version}`,
      to: found ? `/datasets/${dataset}/${found.number}` : `/datasets/${dataset}`,
    });
  }
  return links;
}

type SliceEvidence = {
  slice?: string;
  name?: string;
  value?: number | null;
  low?: number | null;
  high?: number | null;
  rows?: number;
  passed?: boolean | null;
};

/** Slices from a gate's evidence, worst first. */
function slicesOf(kind: string, evidence: Record<string, unknown>): VersionView['slices'] {
  if (kind !== 'slices' || !Array.isArray(evidence.slices)) return [];
  const metric = typeof evidence.metric === 'string' ? evidence.metric : 'metric';
  const min = typeof evidence.min === 'number' ? evidence.min : null;
  return (evidence.slices as SliceEvidence[])
    .map((slice) => ({
      slice: slice.slice ?? slice.name ?? '',
      metric,
      estimate: {
        value: slice.value ?? null,
        low: slice.low ?? null,
        high: slice.high ?? null,
        n: slice.rows ?? null,
      },
      min,
      passed: slice.passed ?? null,
    }))
    .sort((left, right) => (left.estimate.value ?? 2) - (right.estimate.value ?? 2));
}

/** What made a version: a run of a pipeline or a step of one, a client's own run (ad hoc), or none that is known. */
function madeBy(row: Pick<ModelVersionRow, 'origin' | 'run_id' | 'source_run_id'>): {
  kind: string;
  text: string;
  to: string | null;
} {
  if (row.run_id !== null) return { kind: 'run', text: row.run_id, to: `/runs/${row.run_id}` };
  if (row.source_run_id === null) return { kind: 'orphan', text: 'no run made it', to: null };
  const kind = row.origin === 'pipeline' ? 'step' : 'ad hoc run';
  return { kind, text: row.source_run_id, to: null };
}
