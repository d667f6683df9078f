import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DataPaths } from '../context.ts';

/** The folders of a data directory, made where missing. Environments of steps may lie elsewhere, shared by projects. */
export function dataPaths(root: string, environments?: string): DataPaths {
  const paths = {
    root,
    work: join(root, 'work'),
    logs: join(root, 'logs'),
    gateway: join(root, 'gateway'),
    online: join(root, 'online'),
    models: join(root, 'models'),
    temp: join(root, 'tmp'),
    environments: environments ?? join(root, 'environments'),
  };
  for (const path of Object.values(paths)) mkdirSync(path, { recursive: true });
  return paths;
}
