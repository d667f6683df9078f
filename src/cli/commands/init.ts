import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../base/app-error.ts';
import { PROJECT_FILE } from '../../config/project-file/load-project-file.ts';
import type { CommandModule } from '../cli.ts';

const packageFile = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const initCommand: CommandModule = (program, cli) => {
  program
    .command('init')
    .description('make a small project that runs: data, a model, gates, an endpoint')
    .argument('[dir]', 'folder, made where missing', '.')
    .option('--python', 'with scikit-learn and the mlflow client instead of plain JavaScript')
    .action(async (dir: string, options: { python?: boolean }) => {
      const target = resolve(dir);
      const sources = await projectFiles(options.python === true);
      const files = [...sources.keys()];
      const present = files.filter((file) => existsSync(join(target, file)));
      if (present.length > 0) {
        throw new AppError(
          'USAGE',
          `${target} holds ${present.join(', ')} already; nothing was written.`,
          {
            help: `Choose an empty folder: rondo init NAME${existsSync(join(target, PROJECT_FILE)) ? '; or start what is there: rondo up' : ''}`,
          },
        );
      }
      for (const [file, source] of sources) {
        await mkdir(dirname(join(target, file)), { recursive: true });
        await copyFile(source, join(target, file));
      }
      if (!existsSync(join(target, '.gitignore')))
        await writeFile(join(target, '.gitignore'), '.rondo/\nnode_modules/\n__pycache__/\n');
      cli.result({ dir: target, files }, (value) =>
        [
          `Made ${value.files.length} files in ${value.dir}.`,
          'Next:',
          `  cd ${dir}`,
          '  rondo up',
          `  rondo run train   # in another terminal${options.python === true ? '; the first run installs requirements.txt, about a minute' : ''}`,
        ].join('\n'),
      );
    });
};

/** Files of the new project with what each is a copy of: both starters work on the same data. */
async function projectFiles(python: boolean): Promise<Map<string, string>> {
  const starter = packageFile('examples/starter');
  const folder = python ? packageFile('examples/starter-python') : starter;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const own = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name));
  const files = new Map(own.map((path) => [relative(folder, path), path]));
  if (python) files.set('data/penguins.csv', join(starter, 'data/penguins.csv'));
  files.set('rondo.schema.json', packageFile('docs/rondo.schema.json'));
  return files;
}
