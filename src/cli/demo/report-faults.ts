import type { DemoEvent, FaultKind, FaultReport } from './faults.ts';
import { FAULT_PLAN } from './faults.ts';
import type { ReplayResult } from './replay.ts';

const DAY_MS = 86_400_000;

/**
 * Which planted fault was caught by which part, read off the server's events: the run that validation stopped, the
 * release that was withdrawn below 100 %, the run that went on after the kill. Also tells of catches nobody planted.
 */
export function reportFaults(
  planted: ReadonlySet<FaultKind>,
  events: readonly DemoEvent[],
  { kill, leakingSha }: Pick<ReplayResult, 'kill' | 'leakingSha'>,
): FaultReport[] {
  const reports = [
    corruptedBatch(events),
    failingModel(events),
    serverKilled(events, kill),
    leakingFeature(events, leakingSha),
  ];
  return reports.filter(
    (report) => planted.has(report.kind) || (report.caught && report.kind !== 'server-killed'),
  );
}

function reasonOf(event: DemoEvent): string {
  const { reason } = event.data;
  return typeof reason === 'string' ? reason : '';
}

function corruptedBatch(events: readonly DemoEvent[]): FaultReport {
  const from = FAULT_PLAN.corruptedHourMs - DAY_MS;
  const until = FAULT_PLAN.redeliveredMs + DAY_MS;
  const near = events.filter((event) => event.atMs >= from && event.atMs <= until);
  const quarantined = near.filter((event) => event.type === 'dataset.file-quarantined');
  const stopped = near.filter((event) => event.type === 'run.failed');
  const reason = stopped.map((event) => reasonOf(event)).join('; ');
  return {
    kind: 'corrupted-batch',
    planted:
      'The last file of 11 March came with distances as text in kilometres and airports in lower case.',
    caught: quarantined.length > 0 && stopped.length > 0,
    by: `data validation stopped the run: ${reason}`,
    evidence: [...quarantined, ...stopped].map((event) => event.eventId),
  };
}

function failingModel(events: readonly DemoEvent[]): FaultReport {
  const withdrawn = events.filter(
    (event) =>
      event.type === 'release.rolled-back' &&
      event.atMs > FAULT_PLAN.failingFromMs &&
      event.data.guard === 'errors',
  );
  const promotedLater = new Set(
    events.filter((event) => event.type === 'release.promoted').map((event) => event.data.version),
  );
  const caught = withdrawn.filter((event) => !promotedLater.has(event.data.version));
  return {
    kind: 'failing-model',
    planted: 'A model whose holiday table ends too early: from a date on long flights get errors.',
    caught: caught.length > 0,
    by: `the rollout withdrew it below 100 %: ${caught.map((event) => reasonOf(event)).join('; ')}`,
    evidence: caught.map((event) => event.eventId),
  };
}

function serverKilled(events: readonly DemoEvent[], kill: ReplayResult['kill']): FaultReport {
  const around = events.filter((event) => kill !== null && event.atMs === kill.atMs);
  const started = around.find((event) => event.type === 'run.started');
  const ended = around.find(
    (event) => event.type === 'run.succeeded' && event.subject.id === started?.subject.id,
  );
  const committed = around.filter((event) => event.type === 'step.committed');
  const steps = committed
    .filter((event) => event.data.run === started?.subject.id)
    .map((event) => String(event.data.step));
  const once = new Set(steps).size === steps.length;
  return {
    kind: 'server-killed',
    planted: 'SIGKILL of the server in the middle of the run of 7 May.',
    caught:
      kill !== null &&
      started !== undefined &&
      ended !== undefined &&
      once &&
      kill.answeredMeanwhile > 0,
    by:
      kill === null
        ? ''
        : `the run went on after ${kill.backAfterMs} ms, every step committed once (${steps.join(', ')}); the gateway answered ${kill.answeredMeanwhile} predictions meanwhile`,
    evidence: [started, ended].flatMap((event) => (event ? [event.eventId] : [])),
  };
}

function leakingFeature(events: readonly DemoEvent[], sha: string | null): FaultReport {
  const runs = new Set(
    events
      .filter((event) => event.type === 'run.started' && sha !== null && event.data.commit === sha)
      .map((event) => event.subject.id),
  );
  const passed = events.filter(
    (event) =>
      event.type === 'ci.finished' && event.subject.id === sha && event.data.state === 'passed',
  );
  const refused = events.filter(
    (event) => event.type === 'candidate.refused' && runs.has(String(event.data.runId)),
  );
  const bySkew = refused.filter((event) => {
    const gates = (event.data.gates ?? []) as { kind: string; outcome: string }[];
    return gates.some((gate) => gate.kind === 'skew' && gate.outcome === 'refused');
  });
  const versions = new Set(bySkew.map((event) => event.data.version));
  const promoted = events.some(
    (event) => event.type === 'release.promoted' && versions.has(event.data.version),
  );
  const reasons = bySkew.flatMap((event) =>
    ((event.data.reasons ?? []) as string[]).filter((reason) => reason.includes(' differs in ')),
  );
  return {
    kind: 'leaking-feature',
    planted:
      'A commit whose feature uses rows before they are there: it looks into the future. Its checks pass.',
    caught: bySkew.length > 0 && bySkew.length === refused.length && !promoted,
    by: `the skew gate refused its model: ${reasons.join('; ')}`,
    evidence: [...passed, ...bySkew].map((event) => event.eventId),
  };
}
