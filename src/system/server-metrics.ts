import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { MeasuredFigures } from '../contract/server-figures.ts';

export type ServerMetrics = {
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  /** One call of a part of the control loop. */
  worked(work: string, outcome: 'busy' | 'idle' | 'failed', seconds: number): void;
  text(): Promise<string>;
  readonly contentType: string;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The server's metrics for Prometheus, in the names that the shipped dashboard draws. */
export function createServerMetrics(options: {
  version: string;
  dataFolder: string;
  figures: () => Promise<MeasuredFigures>;
}): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'rondo_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS,
    registers,
  });
  const works = new Map<string, { seconds: number; calls: Record<string, number> }>();
  registry.registerMetric(
    new Counter({
      name: 'rondo_control_loop_seconds_total',
      help: 'Time spent in each part of the control loop',
      labelNames: ['work'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const [work, { seconds }] of works) this.inc({ work }, seconds);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'rondo_control_loop_calls_total',
      help: 'Calls of each part of the control loop by what came of them',
      labelNames: ['work', 'outcome'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const [work, { calls }] of works)
          for (const [outcome, n] of Object.entries(calls)) this.inc({ work, outcome }, n);
      },
    }),
  );
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  gauge('rondo_build_info', 'Version of this server', ['version']).set(
    { version: options.version },
    1,
  );
  const runs = gauge('rondo_runs_active', 'Runs that are not finished, by state', ['state']);
  const releases = gauge('rondo_releases_active', 'Releases under way');
  const alarms = gauge('rondo_alarms_open', 'Alarms that are open');
  const notifications = gauge('rondo_notifications_pending', 'Notifications not delivered yet');
  const events = gauge('rondo_events_total', 'Events appended since the database was made');
  const unsealed = gauge('rondo_events_unsealed', 'Events not in the audit chain yet');
  const predictions = gauge('rondo_predictions_collected_total', 'Predictions in the database');
  const lag = gauge('rondo_feature_lag_files', 'Landed files a view has not taken in', ['view']);
  const disk = gauge('rondo_disk_free_bytes', 'Free space where the data directory lies');

  return {
    request: ({ method, route, status }, seconds) => {
      requests.observe({ method, route, status: String(status) }, seconds);
    },
    worked(work, outcome, seconds) {
      let known = works.get(work);
      if (!known) {
        known = { seconds: 0, calls: {} };
        works.set(work, known);
      }
      known.seconds += seconds;
      known.calls[outcome] = (known.calls[outcome] ?? 0) + 1;
    },
    async text() {
      const now = await options.figures();
      for (const [state, n] of Object.entries(now.runs)) runs.set({ state }, n);
      releases.set(now.releases);
      alarms.set(now.alarms);
      notifications.set(now.notificationsPending);
      events.set(now.eventsTotal);
      unsealed.set(now.eventsUnsealed);
      predictions.set(now.predictionsTotal);
      lag.reset();
      for (const { view, files } of now.featureLagFiles) lag.set({ view }, files);
      const { bavail, bsize } = await statfs(options.dataFolder);
      disk.set(bavail * bsize);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
