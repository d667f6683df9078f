import type { Route } from '../../rondo-server.ts';
import { countPredictionsRoute, exportPredictionsRoute } from './predictions.ts';
import { recordLabelsRoute } from './record-labels.ts';
import { getScoringResultRoute, getScoringRoute, startScoringRoute } from './scorings.ts';

/** Routes of `serving`. */
export const servingRoutes: readonly Route[] = [
  recordLabelsRoute,
  countPredictionsRoute,
  exportPredictionsRoute,
  startScoringRoute,
  getScoringRoute,
  getScoringResultRoute,
];
