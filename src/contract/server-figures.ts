/** Figures of the server's database for its metrics; read whenever they are asked for. */
export type MeasuredFigures = {
  /** Runs that are not finished, by state. */
  runs: Record<string, number>;
  releases: number;
  alarms: number;
  notificationsPending: number;
  eventsTotal: number;
  eventsUnsealed: number;
  predictionsTotal: number;
  /** Files that landed and are not in a view yet. */
  featureLagFiles: { view: string; files: number }[];
};
