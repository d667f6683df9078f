import type { CommitsTables } from './commits.ts';
import type { DatasetsTables } from './datasets.ts';
import type { DeliveryTables } from './delivery.ts';
import type { EventsTables } from './events.ts';
import type { FeaturesTables } from './features.ts';
import type { MonitoringTables } from './monitoring.ts';
import type { RegistryTables } from './registry.ts';
import type { RunsTables } from './runs.ts';
import type { ServingTables } from './serving.ts';
import type { TrackingTables } from './tracking.ts';
import type { TriggersTables } from './triggers.ts';

/** Every table of the database; one file per domain. */
export type Tables = EventsTables &
  DatasetsTables &
  FeaturesTables &
  TrackingTables &
  RunsTables &
  RegistryTables &
  ServingTables &
  DeliveryTables &
  MonitoringTables &
  TriggersTables &
  CommitsTables;
