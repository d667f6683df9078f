import type { Route } from '../../rondo-server.ts';
import { advanceCalendar, getCalendar, settle } from './calendar.ts';
import { getBackup } from './get-backup.ts';
import { getDoctor } from './get-doctor.ts';
import { getEvent } from './get-event.ts';
import { getHealth } from './get-health.ts';
import { getMetrics } from './get-metrics.ts';
import { getVersion } from './get-version.ts';
import { listEvents } from './list-events.ts';
import { verifyAudit } from './verify-audit.ts';

/** Routes of the system itself. */
export const systemRoutes: readonly Route[] = [
  getHealth,
  getVersion,
  getDoctor,
  getBackup,
  getMetrics,
  getCalendar,
  advanceCalendar,
  settle,
  getEvent,
  listEvents,
  verifyAudit,
];
