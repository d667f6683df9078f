import type { Route } from '../../rondo-server.ts';
import { exportAudit, getAudit, getEventView } from './get-audit.ts';
import { getDatasets, getDatasetVersionView, getDatasetView } from './get-datasets.ts';
import { getEndpoints, getEndpointView } from './get-endpoints.ts';
import { getFeatures, getFeatureView } from './get-features.ts';
import { getHome } from './get-home.ts';
import { getModels, getModelView, getVersionView } from './get-models.ts';
import { getAlarmView, getMonitoringView, getMonitors } from './get-monitors.ts';
import { getNow } from './get-now.ts';
import { getPalette } from './get-palette.ts';
import { getReleases, getReleaseView } from './get-releases.ts';
import { getRuns, getRunView } from './get-runs.ts';
import { getTriggers } from './get-triggers.ts';
import { streamEvents } from './stream-events.ts';
import { tryEndpoint } from './try-endpoint.ts';

/** Routes of `views`. */
export const viewsRoutes: readonly Route[] = [
  getNow,
  getPalette,
  getHome,
  getRuns,
  getRunView,
  getModels,
  getModelView,
  getVersionView,
  getReleases,
  getReleaseView,
  getEndpoints,
  getEndpointView,
  getDatasets,
  getDatasetView,
  getDatasetVersionView,
  getMonitors,
  getMonitoringView,
  getAlarmView,
  getFeatures,
  getFeatureView,
  getTriggers,
  getAudit,
  getEventView,
  exportAudit,
  streamEvents,
  tryEndpoint,
];
