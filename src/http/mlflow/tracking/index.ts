import type { MlflowRoute } from '../route.ts';

/** Addresses of MLflow tracking: experiments, runs, metrics, artifacts, logged models. */
export const trackingRoutes: readonly MlflowRoute[] = [];
