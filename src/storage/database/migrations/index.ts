import type { Migration } from 'kysely/migration';
import { eventsMigration } from './0001-events.ts';
import { datasetsMigration } from './0002-datasets.ts';
import { featuresMigration } from './0003-features.ts';
import { trackingMigration } from './0004-tracking.ts';
import { runsMigration } from './0005-runs.ts';
import { registryMigration } from './0006-registry.ts';
import { servingMigration } from './0007-serving.ts';
import { deliveryMigration } from './0008-delivery.ts';
import { monitoringMigration } from './0009-monitoring.ts';
import { triggersMigration } from './0010-triggers.ts';
import { mlflowTrackingMigration } from './0011-mlflow-tracking.ts';
import { mlflowRegistryMigration } from './0012-mlflow-registry.ts';
import { commitsMigration } from './0013-commits.ts';
import { messagesMigration } from './0014-messages.ts';
import { datasetSegmentsMigration } from './0015-dataset-segments.ts';
import { eventTimesMigration } from './0016-event-times.ts';
import { modelFormatMigration } from './0017-model-format.ts';

/** Numbered for ever: a published migration is never changed, a new one is appended. */
export const migrations: Record<string, Migration> = {
  '0001-events': eventsMigration,
  '0002-datasets': datasetsMigration,
  '0003-features': featuresMigration,
  '0004-tracking': trackingMigration,
  '0005-runs': runsMigration,
  '0006-registry': registryMigration,
  '0007-serving': servingMigration,
  '0008-delivery': deliveryMigration,
  '0009-monitoring': monitoringMigration,
  '0010-triggers': triggersMigration,
  '0011-mlflow-tracking': mlflowTrackingMigration,
  '0012-mlflow-registry': mlflowRegistryMigration,
  '0013-commits': commitsMigration,
  '0014-messages': messagesMigration,
  '0015-dataset-segments': datasetSegmentsMigration,
  '0016-event-times': eventTimesMigration,
  '0017-model-format': modelFormatMigration,
};
