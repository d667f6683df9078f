import type { MlflowRoute } from '../route.ts';
import { artifactRoutes } from './artifacts.ts';
import { experimentRoutes } from './experiments.ts';
import { loggedModelRoutes } from './logged-models.ts';
import { loggingRoutes } from './logging.ts';
import { metricRoutes } from './metrics.ts';
import { runRoutes } from './runs.ts';
import { serverInfoRoutes } from './server-info.ts';

/** Addresses of MLflow tracking: experiments, runs, metrics, artifacts, logged models. */
export const trackingRoutes: readonly MlflowRoute[] = [
  ...experimentRoutes,
  ...runRoutes,
  ...loggingRoutes,
  ...metricRoutes,
  ...loggedModelRoutes,
  ...artifactRoutes,
  ...serverInfoRoutes,
];
