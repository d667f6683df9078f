import type { PipelineRollback } from './projects/actions/roll-back-pipeline.ts';
import type { GatewayClient } from './serving/gateway-client.ts';
import type { Component } from './examine-components.ts';
import type { Finding } from './system/examine.ts';
import type { ServerMetrics } from './system/server-metrics.ts';

/**
 * What routes need from the running process beyond the context: things only the composition root can do. Kept small;
 * most routes call a domain's action directly.
 */
export type Operations = {
  version: string;
  /** What server and gateway ask for on an address that others can reach. */
  token: string | undefined;
  metrics: ServerMetrics;
  /** Looks at every part: database, gateway, blobs, disk, clock, executors. */
  examine(): Promise<{ findings: Finding[]; components: Component[] }>;
  /**
   * Does everything that is due at the calendar's present instant and resolves when nothing is left: sources scanned,
   * features materialised, predictions collected, monitors, releases and triggers evaluated. With a real calendar runs
   * go on in the background; with a replayed one they are waited for.
   */
  settle(): Promise<void>;
  /** A backup of database, blobs and logs as they are now, as a tar archive. */
  backup(): AsyncIterable<Uint8Array>;
  /** The gateway this server publishes to. */
  gateway: GatewayClient;
  /** Publishes the route table to the gateway after routes or releases changed; resolves when the gateway has it. */
  publishRoutes(): Promise<void>;
  /** Takes the deployed commit back; the next run uses the one before it. Refused while a run is at work. */
  rollBackPipeline(order: { actor: string; reason: string }): Promise<PipelineRollback>;
  /** Moves the replayed calendar, at the gateway too; nothing is settled yet. Refused when the calendar is real. */
  advanceCalendar(to: { nowMs: number; untilMs: number }): Promise<void>;
};
