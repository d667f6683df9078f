import type { Route } from '../../rondo-server.ts';
import { listDeploymentsRoute, rollBackDeploymentRoute } from './deployments.ts';
import { getCommit, getCommits } from './get-commits.ts';

/** Routes of `projects` and `ci`. */
export const commitsRoutes: readonly Route[] = [
  getCommits,
  getCommit,
  listDeploymentsRoute,
  rollBackDeploymentRoute,
];
