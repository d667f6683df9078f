import { backupErrors } from './errors/backup.ts';
import { checksErrors } from './errors/checks.ts';
import { coreErrors } from './errors/core.ts';
import { databaseErrors } from './errors/database.ts';
import { datasetsErrors } from './errors/datasets.ts';
import { deliveryErrors } from './errors/delivery.ts';
import type { ErrorEntry } from './errors/error-entry.ts';
import { featuresErrors } from './errors/features.ts';
import { gatewayErrors } from './errors/gateway.ts';
import { mlflowErrors } from './errors/mlflow.ts';
import { monitoringErrors } from './errors/monitoring.ts';
import { projectsErrors } from './errors/projects.ts';
import { registryErrors } from './errors/registry.ts';
import { runsErrors } from './errors/runs.ts';
import { servingErrors } from './errors/serving.ts';
import { triggersErrors } from './errors/triggers.ts';

/** Every error code of Rondo. A domain adds its codes in its own file under `errors/`. */
export const errorCodes = {
  ...coreErrors,
  ...databaseErrors,
  ...backupErrors,
  ...datasetsErrors,
  ...checksErrors,
  ...featuresErrors,
  ...runsErrors,
  ...projectsErrors,
  ...registryErrors,
  ...servingErrors,
  ...deliveryErrors,
  ...monitoringErrors,
  ...triggersErrors,
  ...gatewayErrors,
  ...mlflowErrors,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Status, exit code and general help of a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorCodes[code];
}
