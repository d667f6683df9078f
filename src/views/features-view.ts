import type { FeatureViewSummary } from '../contract/feature-view.ts';
import type {
  FeatureItem,
  FeaturesView,
  FeatureUse,
  FeatureView,
  SkewResult,
} from '../contract/views/features-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import { servedFeatures, type ServedFeatures } from './served-features.ts';
import { jsonColumn } from './json-column.ts';
import { valueProfile } from './value-profile.ts';
import { counted, percent } from './words.ts';

type Cell = number | string | boolean | null;
type Use = FeatureUse & { digests: Set<string>; views: Set<string> };

/** States of versions that serve, or may come to. */
const LIVE = new Set(['champion', 'releasing', 'waiting', 'candidate']);
/** Versions looked at, newest first: who uses a view, and what the skew gate said. */
const VERSIONS = 300;
const JUDGED_VERSIONS = 40;
const SAMPLED_KEYS = 5000;

/** Feature views with how fresh, how complete and how even online and offline they are. */
export async function featuresView(
  db: ReadDatabase,
  options: { views: readonly FeatureViewSummary[]; nowMs: number },
): Promise<FeaturesView> {
  const uses = await usesOfFeatures(db);
  const served = await servedFeatures(db);
  const items: FeatureItem[] = [];
  for (const view of options.views)
    items.push(await itemOf(db, { view, nowMs: options.nowMs, uses, served }));
  return { items };
}

/** One view: its definition, each feature's values as served and as stored, skew, and who uses it. */
export async function featureView(
  db: ReadDatabase,
  options: { views: readonly FeatureViewSummary[]; name: string; nowMs: number },
): Promise<FeatureView | undefined> {
  const named = options.views.filter((view) => view.name === options.name);
  const view = named.find((candidate) => candidate.state === 'current') ?? named[0];
  if (!view) return undefined;
  const uses = await usesOfFeatures(db);
  const served = await servedFeatures(db);
  const item = await itemOf(db, { view, nowMs: options.nowMs, uses, served });
  const stored = await storedValues(db, view.digest);
  return {
    item,
    sentence: sentenceOf(item),
    definition: { sql: view.sql, history: view.history, time: view.time },
    columns: view.features.map(({ name, type }) => {
      const column = `${view.name}_${name}`;
      return {
        name,
        type,
        column,
        missing: missingOf(served, [column]),
        served: valueProfile({ name, type }, served.values.get(column) ?? []),
        stored: valueProfile(
          { name, type },
          stored.map((values) => values[name] ?? null),
        ),
      };
    }),
    skew: await skewOf(db, view.name, uses),
    usedBy: uses.filter((use) => use.digests.has(view.digest)).map(plainUse),
    others: named
      .filter((other) => other.digest !== view.digest)
      .map(({ digest, state, rows }) => ({ digest, state, rows })),
  };
}

async function itemOf(
  db: ReadDatabase,
  given: { view: FeatureViewSummary; nowMs: number; uses: readonly Use[]; served: ServedFeatures },
): Promise<FeatureItem> {
  const { sql: _sql, history: _history, time: _time, ...summary } = given.view;
  const count = (staleBeforeMs: number | null): Promise<number> =>
    countKeys(db, given.view.digest, staleBeforeMs);
  const skew = await skewOf(db, summary.name, given.uses, 1);
  return {
    ...summary,
    keys: await count(null),
    stale: await count(given.nowMs - summary.ttlMs),
    missing: missingOf(
      given.served,
      summary.features.map((feature) => `${summary.name}_${feature.name}`),
    ),
    skew: skew.toSorted((left, right) => right.high - left.high)[0] ?? null,
    usedBy: given.uses
      .filter((use) => use.digests.has(summary.digest) && LIVE.has(use.state))
      .map(plainUse),
  };
}

async function countKeys(
  db: ReadDatabase,
  digest: string,
  beforeMs: number | null,
): Promise<number> {
  let select = db.selectFrom('feature_values').where('view_digest', '=', digest);
  if (beforeMs !== null) select = select.where('event_ms', '<', beforeMs);
  const row = await select
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

function missingOf(
  served: ServedFeatures,
  columns: readonly string[],
): { share: number | null; n: number } {
  const n = Math.max(0, ...columns.map((column) => served.asked.get(column) ?? 0));
  const worst = Math.max(0, ...columns.map((column) => served.missing.get(column) ?? 0));
  return { share: n === 0 ? null : worst / n, n };
}

async function storedValues(db: ReadDatabase, digest: string): Promise<Record<string, Cell>[]> {
  const rows = await db
    .selectFrom('feature_values')
    .select('value_json')
    .where('view_digest', '=', digest)
    .orderBy('key')
    .limit(SAMPLED_KEYS)
    .execute();
  return rows.map((row) => jsonColumn<Record<string, Cell>>(row.value_json, {}));
}

function plainUse({ model, version, state }: Use): FeatureUse {
  return { model, version, state };
}

async function usesOfFeatures(db: ReadDatabase): Promise<Use[]> {
  const rows = await db
    .selectFrom('model_versions')
    .select(['model', 'version', 'state', 'features'])
    .orderBy('created_at_ms', 'desc')
    .limit(VERSIONS)
    .execute();
  return rows.map((row) => {
    const sources = jsonColumn<{ view?: string; viewDigest?: string }[]>(row.features, []);
    return {
      model: row.model,
      version: row.version,
      state: row.state,
      digests: new Set(sources.flatMap((source) => source.viewDigest ?? [])),
      views: new Set(sources.flatMap((source) => source.view ?? [])),
    };
  });
}

type Evidence = {
  max?: number;
  features?: {
    view: string;
    source: string;
    column: string;
    rows: number;
    share: number;
    interval: { low: number; high: number };
  }[];
};

/** What the skew gate said of a view's features, newest version first; of at most `versions` versions. */
async function skewOf(
  db: ReadDatabase,
  view: string,
  uses: readonly Use[],
  versions = JUDGED_VERSIONS,
): Promise<SkewResult[]> {
  const results: SkewResult[] = [];
  let judged = 0;
  for (const use of uses
    .filter((candidate) => candidate.views.has(view))
    .slice(0, JUDGED_VERSIONS)) {
    if (judged >= versions) break;
    const verdicts = await db
      .selectFrom('gate_verdicts')
      .select(['outcome', 'evidence', 'at_ms', 'event_id'])
      .where('model', '=', use.model)
      .where('version', '=', use.version)
      .where('kind', '=', 'skew')
      .execute();
    for (const verdict of verdicts) {
      const evidence = jsonColumn<Evidence>(verdict.evidence, {});
      const max = evidence.max ?? 0;
      const features = (evidence.features ?? []).filter((feature) => feature.view === view);
      if (features.length > 0) judged += 1;
      results.push(
        ...features.map((feature) => ({
          column: feature.column,
          model: use.model,
          version: use.version,
          outcome: feature.interval.high > max ? 'refused' : 'passed',
          source: feature.source,
          rows: feature.rows,
          share: feature.share,
          low: feature.interval.low,
          high: feature.interval.high,
          max,
          atMs: verdict.at_ms,
          eventId: verdict.event_id,
        })),
      );
    }
  }
  return results;
}

function sentenceOf(item: FeatureItem): string {
  if (item.error !== null) return `It is not kept up to date: ${item.error}`;
  const fresh =
    item.keys === 0
      ? 'No value has been computed yet.'
      : `${counted(item.keys, 'key')} of ${item.entity} have a value${item.stale === 0 ? ', none older than its time to live' : `; ${item.stale.toLocaleString('en-US')} are older than the time to live and are served as missing`}.`;
  const served =
    item.missing.share === null
      ? ' No prediction has asked for it yet.'
      : ` ${percent(item.missing.share)} of the last ${counted(item.missing.n, 'prediction')} missed it.`;
  const skew =
    item.skew === null
      ? ''
      : ` Online and offline ${item.skew.outcome === 'passed' ? 'agree' : 'differ'}: at worst ${percent(item.skew.share)} of ${counted(item.skew.rows, 'row')} (up to ${percent(item.skew.high)}), at most ${percent(item.skew.max)} may.`;
  return `${fresh}${served}${skew}`;
}
