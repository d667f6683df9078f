import type { LineageKind } from '../lineage-kind.ts';
import { alarmKind } from './alarm-store.ts';
import { bundleKind, commitKind } from './commit-store.ts';
import { datasetVersionKind } from './dataset-store.ts';
import { endpointKind, predictionKind, releaseKind } from './release-store.ts';
import { runKind } from './run-store.ts';
import { modelVersionKind } from './version-store.ts';

/** Every kind of thing a lineage can hold. */
export const lineageKinds: readonly LineageKind[] = [
  commitKind,
  bundleKind,
  datasetVersionKind,
  runKind,
  modelVersionKind,
  releaseKind,
  endpointKind,
  predictionKind,
  alarmKind,
];
