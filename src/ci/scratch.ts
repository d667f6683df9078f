import { existsSync } from 'node:fs';
import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProjectDefinition } from '../config/project-file/project-definition.ts';
import type { Context, Project } from '../context.ts';
import { createEventBus } from '../events/event-bus.ts';
import { openEngine } from '../runs/engine.ts';
import { closeRuns } from '../runs/work.ts';
import { openAnalytics } from '../storage/analytics/analytics.ts';
import { openFileBlobStore } from '../storage/blobs/file-blob-store.ts';
import { checkOutTree, putTree, type TreeEntry } from '../storage/blobs/tree.ts';
import type { Digest } from '../storage/blobs/blob-store.ts';
import { openDatabase } from '../storage/database/database.ts';
import { dataPaths } from '../system/data-paths.ts';
import { relaxSuites } from './relax-suites.ts';

/** The pipeline that runs the project's own tests, among the commit's pipelines in the scratch project. */
export const TESTS_PIPELINE = 'project-tests';
const MEMORY_MB = 1024;

/**
 * A whole Rondo of its own for one commit: database, blobs, runs and feature values in a folder that is deleted
 * afterwards. Nothing that happens in it is a run, a model or a cached result of the project.
 */
export type Scratch = {
  ctx: Context;
  definition: ProjectDefinition;
  /** Where slices of the datasets go. */
  dataFolder: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Opens it on the commit's bundle. `folder` is emptied first: what a killed server left there is begun again. */
export async function openScratch(
  ctx: Context,
  of: {
    sha: string;
    bundle: Digest;
    folder: string;
    load(dir: string): Promise<ProjectDefinition>;
  },
): Promise<Scratch> {
  await using opened = new AsyncDisposableStack();
  await rm(of.folder, { recursive: true, force: true });
  opened.defer(() => rm(of.folder, { recursive: true, force: true, maxRetries: 3 }));
  const codeDir = join(of.folder, 'code');
  const pristine = join(of.folder, 'bundle');
  const dataFolder = join(of.folder, 'project');
  await checkOutTree(ctx.blobs, of.bundle, pristine);
  await cp(pristine, codeDir, { recursive: true });
  await mkdir(dataFolder, { recursive: true });
  const modules = nearestModules(ctx.project.dir);
  if (modules !== null) await symlink(modules, join(dataFolder, 'node_modules'));
  const written = await of.load(codeDir);
  const definition = withTests(written);
  await relaxSuites(codeDir, written);
  const paths = dataPaths(join(of.folder, 'data'), ctx.paths.environments);
  const { db, close } = await openDatabase(
    new URL(`sqlite:${pathToFileURL(join(paths.root, 'rondo.db')).href.slice('file:'.length)}`),
  );
  opened.defer(close);
  const blobs = await openFileBlobStore(join(paths.root, 'blobs'));
  const analytics = await openAnalytics({
    threads: 1,
    memoryLimitMb: MEMORY_MB,
    tempFolder: paths.temp,
  });
  opened.defer(() => {
    analytics.close();
  });
  // The same files, so the same digest: steps see the bundle as it will be deployed.
  const tree: { digest: Digest; entries: TreeEntry[] } = await putTree(blobs, pristine);
  const project: Project = {
    dir: dataFolder,
    code: () => ({ dir: codeDir, commit: of.sha, bundle: tree.digest }),
    definition: () => definition,
    workingTree: () => Promise.resolve(project),
  };
  const scratch: Context = { ...ctx, db, blobs, analytics, bus: createEventBus(), project, paths };
  opened.defer(() => closeRuns(scratch));
  await openEngine(scratch, { isTracked: false });
  const resources = opened.move();
  return {
    ctx: scratch,
    definition: written,
    dataFolder,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The commit's definition with its tests as one more pipeline, and a time limit on every step without one. */
function withTests(definition: ProjectDefinition): ProjectDefinition {
  const { ci } = definition;
  const timeout = ci?.timeout ?? 600_000;
  const pipelines = Object.fromEntries(
    Object.entries(definition.pipelines).map(([name, pipeline]) => [
      name,
      {
        ...pipeline,
        steps: Object.fromEntries(
          Object.entries(pipeline.steps).map(([step, settings]) => [
            step,
            { ...settings, retry: 0, timeout: Math.min(settings.timeout ?? timeout, timeout) },
          ]),
        ),
      },
    ]),
  );
  if (ci?.tests === undefined) return { ...definition, pipelines };
  const tests = {
    run: ci.tests,
    in: [],
    out: {},
    with: {},
    retry: 0,
    timeout,
    cache: false,
    env: [],
  };
  return {
    ...definition,
    pipelines: {
      ...pipelines,
      [TESTS_PIPELINE]: { parameters: {}, steps: { tests }, triggers: [] },
    },
  };
}

/** The packages that steps of the project see: the nearest `node_modules` at or above it, up to its repository. */
function nearestModules(dir: string): string | null {
  for (let folder = dir; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules');
    if (existsSync(candidate)) return candidate;
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return null;
  }
}
