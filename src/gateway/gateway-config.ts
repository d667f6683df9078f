/** What a gateway process is started with. Sizes and times have defaults that suit production. */
export type GatewayConfig = {
  /** DATA/gateway: routes, token, features, spool. */
  dataDir: string;
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Asked for on every route but health; must be there when `host` is not a loopback address. */
  token?: string | null | undefined;
  /** Logs go to standard error; `silent` by default. */
  logLevel?: string | undefined;
  /** Stop when the parent process is gone (its pipe to our stdin or its IPC channel closes). */
  supervised?: boolean;
  limits?: Partial<GatewayLimits>;
};

export type GatewayLimits = {
  maxBodyBytes: number;
  /** Bodies of /control/*: route tables and feature values. */
  maxControlBodyBytes: number;
  maxRowsPerRequest: number;
  /** Rows that may wait for a model; beyond it a request is answered 429. */
  maxQueueRows: number;
  /** Rows of one run. Tree models get slower per row beyond about this (cache), and the loop stands still during a run. */
  maxBatchRows: number;
  /** A request not answered after this is answered 504. */
  deadlineMs: number;
  /** Rows that may wait for silent scoring; beyond it they are dropped and counted. */
  maxSilentRows: number;
  segmentBytes: number;
  segmentMs: number;
  /** A Python model must be loaded and warmed within this, */
  pythonStartMs: number;
  /** and answer a run within this, or its process is ended. Below the deadline, so that the champion can still answer. */
  pythonTimeoutMs: number;
  /** What the process of a Python model may allocate; 0 is no limit. */
  pythonMemoryMb: number;
  /** What to do when a prediction cannot be recorded (full disk): refuse with 503, or answer all the same. */
  whenUnrecorded: 'refuse' | 'answer';
};

export const defaultLimits: GatewayLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxControlBodyBytes: 256 * 1024 * 1024,
  maxRowsPerRequest: 10_000,
  maxQueueRows: 20_000,
  maxBatchRows: 64,
  deadlineMs: 10_000,
  maxSilentRows: 20_000,
  segmentBytes: 8 * 1024 * 1024,
  segmentMs: 3_600_000,
  pythonStartMs: 50_000,
  pythonTimeoutMs: 8000,
  pythonMemoryMb: 4096,
  whenUnrecorded: 'refuse',
};

export const GATEWAY_VERSION = '0.1.0';
