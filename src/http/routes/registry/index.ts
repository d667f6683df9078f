import type { Route } from '../../rondo-server.ts';
import {
  exportModelRoute,
  getModelFileRoute,
  getVersionRoute,
  listModelsRoute,
  listVersionsRoute,
} from './models.ts';

/** Routes of `registry`. */
export const registryRoutes: readonly Route[] = [
  listModelsRoute,
  listVersionsRoute,
  getVersionRoute,
  getModelFileRoute,
  exportModelRoute,
];
