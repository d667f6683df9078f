import type { CommitView } from '../../contract/views/commits-view.ts';
import type { MaturityView } from '../../contract/views/maturity-view.ts';
import type { ReplayResult } from './replay.ts';
import type { FaultReport } from './faults.ts';
import type { TrafficCount } from './traffic.ts';

export type DemoWeek = {
  /** Monday of the week, ISO date. */
  week: string;
  lateRate: number | null;
  decision: string;
  reason: string;
  servingVersion: string | null;
  logLossServing: number | null;
  logLossFrozen: number | null;
};

/** A commit with its six stations. */
export type DemoCommit = Pick<CommitView, 'sha' | 'subject' | 'state' | 'sentence' | 'records'>;

/** What `rondo demo --json FILE` writes. */
export type DemoSummary = {
  weeks: DemoWeek[];
  faults: FaultReport[];
  commits: DemoCommit[];
  /** As the events of the whole replay prove it. */
  maturity: MaturityView;
  predictions: TrafficCount & { collected: number };
  releases: { promoted: number; refused: number; rolledBack: number; expired: number };
  /** Cause of the run to how many of that cause ended in a registered model. */
  retrainings: Record<string, number>;
  humanActions: number;
  seconds: number;
  address: string;
  times: { what: string; seconds: number }[];
  kill: ReplayResult['kill'];
};
