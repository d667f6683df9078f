import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A real server or interpreter that tests run against. It is installed once per version into a cache outside the
 * repository (RONDO_ENGINES, `~/.cache/rondo-engines` unless set) and shared by all clones.
 */
export type Engine = {
  /** Name with version: another version is another folder. */
  name: string;
  /** Fills the folder; called for a missing one only. */
  install(folder: string): Promise<void>;
};

export const run = promisify(execFile);

const root = process.env.RONDO_ENGINES ?? join(homedir(), '.cache', 'rondo-engines');

/** Python environments that steps of tests ask for, kept from run to run (RONDO_ENVIRONMENTS). */
export const environmentsFolder = join(root, 'environments');

export function folderOf(engine: Engine): string {
  return join(root, engine.name);
}

/** Why the engine's tests cannot run; undefined when it is there. Under CI a missing engine is an error. */
export function missing(engine: Engine): string | undefined {
  if (existsSync(folderOf(engine))) return undefined;
  const reason = `${engine.name} is not installed: node test/engines/install.ts`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** Installs into a temporary folder first: a half-made engine is never found. */
export async function installEngine(engine: Engine): Promise<void> {
  const folder = folderOf(engine);
  if (existsSync(folder)) return;
  await mkdir(root, { recursive: true });
  const partial = `${folder}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  try {
    await engine.install(partial);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}
