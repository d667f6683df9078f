import { mlflowRoutes } from '../mlflow/index.ts';
import type { Route } from '../rondo-server.ts';
import { commitsRoutes } from './commits/index.ts';
import { datasetsRoutes } from './datasets/index.ts';
import { deliveryRoutes } from './delivery/index.ts';
import { featuresRoutes } from './features/index.ts';
import { lineageRoutes } from './lineage/index.ts';
import { maturityRoutes } from './maturity/index.ts';
import { monitoringRoutes } from './monitoring/index.ts';
import { registryRoutes } from './registry/index.ts';
import { runsRoutes } from './runs/index.ts';
import { servingRoutes } from './serving/index.ts';
import { systemRoutes } from './system/index.ts';
import { triggersRoutes } from './triggers/index.ts';
import { viewsRoutes } from './views/index.ts';

/** Every route of the server. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...datasetsRoutes,
  ...featuresRoutes,
  ...runsRoutes,
  ...commitsRoutes,
  ...registryRoutes,
  ...servingRoutes,
  ...deliveryRoutes,
  ...monitoringRoutes,
  ...triggersRoutes,
  ...maturityRoutes,
  ...lineageRoutes,
  ...viewsRoutes,
  ...mlflowRoutes,
];
