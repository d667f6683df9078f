import { statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import type { Project, ProjectCode } from '../../context.ts';
import { loadProjectFile, PROJECT_FILE } from './load-project-file.ts';
import type { ProjectDefinition, ProjectVariants } from './project-definition.ts';

export type OpenProject = Project & {
  /** What is wrong with the file as it is now; the definition before it stays in force. */
  fault(): AppError | undefined;
  /** Reads the file again if it changed. True when another definition is in force now. */
  refresh(): Promise<boolean>;
  /** The definition in another folder, such as the checkout of a commit. Throws as the first reading does. */
  load(dir: string): Promise<ProjectDefinition>;
  /** From now on code and definition come from there; null: from the project's own folder. Throws and changes nothing when they cannot be read. */
  follow(code: ProjectCode | null): Promise<void>;
};

/** Reads DIR/rondo.yaml, and again whenever it changes. Throws when the first reading fails. */
export async function openProject(dir: string, variants: ProjectVariants): Promise<OpenProject> {
  const own: ProjectCode = { dir, commit: null, bundle: null };
  let code = own;
  const stamp = (): string => {
    const info = statSync(join(code.dir, PROJECT_FILE), { bigint: true, throwIfNoEntry: false });
    return info ? `${info.ino}-${info.mtimeNs}-${info.size}` : 'missing';
  };
  const load = (from: string): Promise<ProjectDefinition> => loadProjectFile(from, variants);
  let seen = stamp();
  let definition = await load(dir);
  let fault: AppError | undefined;
  return {
    dir,
    code: () => code,
    definition: () => definition,
    fault: () => fault,
    load,
    async workingTree() {
      const written = await load(dir);
      const tree: Project = {
        dir,
        code: () => own,
        definition: () => written,
        workingTree: () => Promise.resolve(tree),
      };
      return tree;
    },
    async follow(next) {
      const target = next ?? own;
      definition = await load(target.dir);
      code = target;
      seen = stamp();
      fault = undefined;
    },
    async refresh() {
      const now = stamp();
      if (now === seen) return false;
      seen = now;
      try {
        definition = await load(code.dir);
        fault = undefined;
        return true;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        fault = error;
        return false;
      }
    },
  };
}
