import type { Logger } from 'pino';
import type { Clocks } from './base/clock.ts';
import type { Ids } from './base/ids.ts';
import type { ProjectDefinition } from './config/project-file/project-definition.ts';
import type { EventBus } from './events/event-bus.ts';
import type { Analytics } from './storage/analytics/analytics.ts';
import type { BlobStore, Digest } from './storage/blobs/blob-store.ts';
import type { Database } from './storage/database/database.ts';

/** What actions may ask for. Ask for little: `ctx: Pick<Context, 'db' | 'clocks'>`. */
export type Context = {
  db: Database;
  blobs: BlobStore;
  analytics: Analytics;
  clocks: Clocks;
  ids: Ids;
  bus: EventBus;
  logger: Logger;
  project: Project;
  paths: DataPaths;
};

/** The project this server carries; read anew when `rondo.yaml` changes or a commit is deployed. */
export type Project = {
  /** Absolute path of the project's folder: paths of data are relative to it. */
  dir: string;
  /** Where `rondo.yaml`, SQL, suites and steps are read. */
  code(): ProjectCode;
  /** The definition as last read without an error. */
  definition(): ProjectDefinition;
  /** The same project with code and definition of its folder as it is now, whatever is deployed. */
  workingTree(): Promise<Project>;
};

/** The project's own folder (`commit` null), or the checkout of the commit that is deployed. */
export type ProjectCode = {
  dir: string;
  commit: string | null;
  /** The tree of its files, stored as a blob. */
  bundle: Digest | null;
};

/** Absolute paths inside the data directory. */
export type DataPaths = {
  root: string;
  work: string;
  logs: string;
  gateway: string;
  online: string;
  models: string;
  temp: string;
  /** Python environments of steps, made once and used again. */
  environments: string;
};
