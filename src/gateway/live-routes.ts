import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import {
  routeTable,
  type RoutedEndpoint,
  type RoutedRelease,
  type RouteTable,
} from '../contract/route-table.ts';
import { loadModel, modelKey, type LoadedModel } from './loaded-model.ts';
import type { ModelSurroundings } from './model-formats/model-format.ts';
import type { ReleaseGuard } from './release-guard.ts';
import { replaceFile } from './write-file.ts';

export type LiveEndpoint = {
  routed: RoutedEndpoint;
  champion: LoadedModel | null;
  /** Null when there is none, or when the gateway has taken it back. */
  release: { routed: RoutedRelease; challenger: LoadedModel; sameRows: boolean } | null;
};

/** One published state of the routes. It is replaced as a whole; a request keeps the one it began with. */
export type LiveTable = {
  table: RouteTable;
  models: Map<string, LoadedModel>;
  endpoints: Map<string, LiveEndpoint>;
};

export type LiveRoutes = {
  readonly current: LiveTable;
  /** Loads and probes what is new, writes the table to disk, publishes it, lets the old models drain. */
  publish(table: RouteTable): Promise<void>;
  /** Makes the endpoints anew after the gateway took a release back. */
  refresh(): void;
  setCalendar(calendar: RouteTable['calendar']): void;
  /** Resolves when every process of a model is gone. */
  close(): Promise<void>;
};

const emptyTable: RouteTable = {
  version: 0,
  calendar: { kind: 'real' },
  models: [],
  endpoints: [],
};

/**
 * The routes of the gateway, started from DATA/gateway/routes.json when there is one. Tables are published one after the
 * other; a table with a model that cannot be loaded is refused as a whole and changes nothing.
 */
export async function openLiveRoutes(
  surroundings: ModelSurroundings,
  guard: ReleaseGuard,
): Promise<LiveRoutes> {
  const { dataDir: dir, logger } = surroundings;
  const file = join(dir, 'routes.json');
  const calendarFile = join(dir, 'calendar.json');
  let current: LiveTable = { table: emptyTable, models: new Map(), endpoints: new Map() };
  let turn: Promise<void> = Promise.resolve();

  async function replace(table: RouteTable): Promise<void> {
    if (table.version < current.table.version) {
      throw new AppError(
        'GATEWAY_ROUTES_STALE',
        `route table ${table.version} is older than the one in force, ${current.table.version}`,
      );
    }
    checkNames(table);
    const before = current.models;
    const models = await loadAll(table, before, (routed) => loadModel(routed, surroundings));
    try {
      replaceFile(file, JSON.stringify(table));
    } catch (error) {
      for (const [key, model] of models) if (before.get(key) !== model) model.retire();
      throw error;
    }
    guard.keepOnly(table.endpoints.flatMap(({ release }) => (release ? [release] : [])));
    current = { table, models, endpoints: connect(table, models, guard) };
    for (const [key, model] of before) if (models.get(key) !== model) model.retire();
  }

  const stored = readTable(file, calendarFile);
  if (stored) {
    try {
      // A process that has still to start must not keep the other endpoints waiting.
      const models = await loadAll(stored, new Map(), (routed) =>
        loadModel(routed, surroundings, false),
      );
      current = { table: stored, models, endpoints: connect(stored, models, guard) };
    } catch (error) {
      // A moved data directory, or a lost folder: the server's next table names the models where they are now.
      if (!(error instanceof AppError)) throw error;
      logger.warn({ err: error }, 'the stored routes cannot be served; waiting for the server');
    }
  }

  return {
    get current() {
      return current;
    },
    publish(table) {
      const published = turn.then(() => replace(table));
      turn = published.catch(() => undefined);
      return published;
    },
    refresh() {
      current = { ...current, endpoints: connect(current.table, current.models, guard) };
    },
    setCalendar(calendar) {
      replaceFile(
        calendarFile,
        JSON.stringify({ version: current.table.version, calendar }),
        'unsynced',
      );
      current = { ...current, table: { ...current.table, calendar } };
    },
    async close() {
      await Promise.all([...current.models.values()].map((model) => model.close()));
    },
  };
}

/** The versions of a model that are loaded, oldest first. */
export function versionsOf(live: LiveTable, name: string): LoadedModel[] {
  return [...live.models.values()]
    .filter((model) => model.name === name)
    .sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));
}

function connect(
  table: RouteTable,
  models: Map<string, LoadedModel>,
  guard: ReleaseGuard,
): Map<string, LiveEndpoint> {
  const byVersion = new Map(
    [...models.values()].map((model) => [`${model.name}/${model.version}`, model]),
  );
  return new Map(
    table.endpoints.map((routed): [string, LiveEndpoint] => {
      const find = (version: string | null) =>
        version === null ? null : (byVersion.get(`${routed.model}/${version}`) ?? null);
      const champion = find(routed.champion);
      const challenger = find(routed.release?.challenger ?? null);
      const withdrawn = (guard.find(routed.release?.id ?? '')?.rolledBack ?? null) !== null;
      const release =
        routed.release && challenger && !withdrawn
          ? {
              routed: routed.release,
              challenger,
              sameRows: champion?.plan.fingerprint === challenger.plan.fingerprint,
            }
          : null;
      return [routed.name, { routed, champion, release }];
    }),
  );
}

/** Loads what is not in memory yet, all at once; on a failure gives back what it loaded. */
async function loadAll(
  table: RouteTable,
  present: Map<string, LoadedModel>,
  load: (routed: RouteTable['models'][number]) => Promise<LoadedModel>,
): Promise<Map<string, LoadedModel>> {
  const loads = await Promise.allSettled(
    table.models.map((routed) => {
      const known = present.get(modelKey(routed));
      const unchanged = known && JSON.stringify(known.routed) === JSON.stringify(routed);
      return unchanged ? Promise.resolve(known) : load(routed);
    }),
  );
  const models = new Map<string, LoadedModel>();
  for (const loaded of loads)
    if (loaded.status === 'fulfilled') models.set(loaded.value.key, loaded.value);
  const failed = loads.find((loaded) => loaded.status === 'rejected');
  if (!failed) return models;
  for (const [key, model] of models) if (present.get(key) !== model) model.retire();
  throw failed.reason;
}

function checkNames(table: RouteTable): void {
  const versions = new Set(table.models.map(({ name, version }) => `${name}/${version}`));
  for (const { name, model, champion, release } of table.endpoints) {
    for (const version of [champion, release?.challenger ?? null]) {
      if (version !== null && !versions.has(`${model}/${version}`)) {
        throw new AppError(
          'GATEWAY_MODEL_UNLOADABLE',
          `endpoint ${name} names version ${version} of model ${model}, which the route table does not hold`,
        );
      }
    }
  }
}

/** The table with the instant its replay had reached, which moves on more often than the routes change. */
function readTable(file: string, calendarFile: string): RouteTable | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const table = routeTable.parse(JSON.parse(text));
  const later = readIfThere(calendarFile);
  if (later === undefined) return table;
  const moved = z
    .object({ version: z.number(), calendar: routeTable.shape.calendar })
    .safeParse(JSON.parse(later));
  const fits =
    moved.success && moved.data.version === table.version && table.calendar.kind === 'replayed';
  return fits ? { ...table, calendar: moved.data.calendar } : table;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
