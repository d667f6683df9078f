import type { Route } from '../rondo-server.ts';
import { registryMlflowRoutes } from './registry/index.ts';
import { versionArtifactRoute } from './registry/version-artifact.ts';
import { serveMlflow } from './route.ts';
import { artifactProxy } from './tracking/artifacts.ts';
import { trackingRoutes } from './tracking/index.ts';

/** The MLflow protocol as routes of the server; one list per part of the protocol. */
export const mlflowRoutes: readonly Route[] = [
  serveMlflow([...trackingRoutes, ...registryMlflowRoutes]),
  artifactProxy,
  versionArtifactRoute,
];
