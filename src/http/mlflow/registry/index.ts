import type { MlflowRoute } from '../route.ts';
import { modelVersionRoutes } from './model-versions.ts';
import { registeredModelRoutes } from './registered-models.ts';
import { webhookRoutes } from './webhooks.ts';

/** The registry's part of the MLflow protocol. */
export const registryMlflowRoutes: readonly MlflowRoute[] = [
  ...registeredModelRoutes,
  ...modelVersionRoutes,
  ...webhookRoutes,
];
