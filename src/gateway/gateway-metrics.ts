import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LiveEndpoint } from './live-routes.ts';
import type { PredictedRow } from './predictor.ts';

export type GatewayMetrics = {
  /** A request that was carried through to an answer or a failure after it was admitted. */
  finished(rows: readonly PredictedRow[], endpoint: LiveEndpoint, durationMs: number): void;
  /** An answer that refuses: counted by endpoint (empty where none is known) and status. */
  refused(endpoint: string, status: number): void;
  unrecorded(rows: number): void;
  text(): Promise<string>;
  readonly contentType: string;
};

/** Sizes that are read when somebody asks for the metrics. */
export type GatewayGauges = {
  waitingRows: () => number;
  waitingSilentRows: () => number;
  silentDropped: () => number;
  spoolBytes: () => number;
  spoolRecords: () => number;
  spoolWritable: () => boolean;
  featureRows: () => number;
  routeVersion: () => number;
  /** Models that run in a process of their own. */
  processes: () => { model: string; version: string; ready: boolean; restarts: number }[];
};

type Arm = {
  requests: number;
  rows: number;
  errors: number;
  missing: number;
  labels: Record<'endpoint' | 'version' | 'arm', string>;
  observe: (seconds: number) => void;
};

type Process = ReturnType<GatewayGauges['processes']>[number];

const BUCKETS = [0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Metrics for Prometheus. Counts are kept in plain numbers by endpoint, version and arm, and given to prom-client when
 * it is asked: its own counters hash their labels at each step.
 */
export function createGatewayMetrics(gauges: GatewayGauges): GatewayMetrics {
  const registry = new Registry();
  const arms = new Map<string, Arm>();
  const refusals = new Map<string, number>();
  let unrecordedRows = 0;
  const registers = [registry];
  const labelNames = ['endpoint', 'version', 'arm'] as const;
  const latency = new Histogram({
    name: 'rondo_gateway_request_seconds',
    help: 'Time from the whole request to its answer',
    labelNames,
    buckets: BUCKETS,
    registers,
  });

  const perArm = (name: string, help: string, read: (arm: Arm) => number) =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const arm of arms.values()) this.inc(arm.labels, read(arm));
      },
    });
  perArm(
    'rondo_gateway_requests_total',
    'Requests carried through, by the arm of their first row',
    (arm) => arm.requests,
  );
  perArm('rondo_gateway_predictions_total', 'Rows scored', (arm) => arm.rows);
  perArm(
    'rondo_gateway_model_errors_total',
    'Rows on which the model of the arm failed',
    (arm) => arm.errors,
  );
  perArm(
    'rondo_gateway_missing_features_total',
    'Feature values unknown or older than their TTL',
    (arm) => arm.missing,
  );
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  registry.registerMetric(
    new Counter({
      name: 'rondo_gateway_refused_total',
      help: 'Requests refused, by status',
      labelNames: ['endpoint', 'status'],
      registers: [],
      collect() {
        this.reset();
        for (const [key, count] of refusals) {
          const [endpoint = '', status = ''] = key.split(' ');
          this.inc({ endpoint, status }, count);
        }
      },
    }),
  );
  total(
    'rondo_gateway_unrecorded_total',
    'Predictions that could not be written to the spool',
    () => unrecordedRows,
  );
  total(
    'rondo_gateway_silent_dropped_total',
    'Silent scores dropped because their queue was full',
    gauges.silentDropped,
  );
  total(
    'rondo_gateway_spool_records_total',
    'Records written to the spool since the start',
    gauges.spoolRecords,
  );
  gauge('rondo_gateway_queue_rows', 'Rows waiting for a model', gauges.waitingRows);
  gauge(
    'rondo_gateway_silent_queue_rows',
    'Rows waiting for silent scoring',
    gauges.waitingSilentRows,
  );
  gauge('rondo_gateway_spool_segment_bytes', 'Bytes in the open spool segment', gauges.spoolBytes);
  gauge('rondo_gateway_spool_writable', '1 while predictions can be recorded', () =>
    gauges.spoolWritable() ? 1 : 0,
  );
  gauge('rondo_gateway_feature_rows', 'Feature rows in memory', gauges.featureRows);
  gauge('rondo_gateway_route_version', 'Version of the route table in force', gauges.routeVersion);
  const perProcess = (name: string, help: string, read: (process: Process) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['model', 'version'],
      registers,
      collect() {
        this.reset();
        for (const one of gauges.processes()) {
          const { model, version } = one;
          this.set({ model, version }, read(one));
        }
      },
    });
  perProcess('rondo_gateway_python_up', '1 while the Python process of a model answers', (one) =>
    one.ready ? 1 : 0,
  );
  perProcess(
    'rondo_gateway_python_restarts',
    'Starts of the Python process of a model after its first',
    (one) => one.restarts,
  );
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());

  function armOf(endpoint: string, version: string, arm: string): Arm {
    const key = `${endpoint} ${version} ${arm}`;
    let found = arms.get(key);
    if (!found) {
      const labels = { endpoint, version, arm };
      const bound = latency.labels(endpoint, version, arm);
      found = {
        requests: 0,
        rows: 0,
        errors: 0,
        missing: 0,
        labels,
        observe: (seconds) => bound.observe(seconds),
      };
      arms.set(key, found);
    }
    return found;
  }

  return {
    finished(rows, endpoint, durationMs) {
      for (let i = 0; i < rows.length; i += 1) {
        const row = rows[i];
        if (!row) continue;
        const arm = armOf(endpoint.routed.name, row.model.version, row.arm);
        arm.rows += 1;
        arm.missing += row.prepared.missing.length;
        if (row.error !== null) arm.errors += 1;
        if (i > 0) continue;
        arm.requests += 1;
        arm.observe(durationMs / 1000);
      }
    },
    refused(endpoint, status) {
      const key = `${endpoint} ${status}`;
      refusals.set(key, (refusals.get(key) ?? 0) + 1);
    },
    unrecorded(rows) {
      unrecordedRows += rows;
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
