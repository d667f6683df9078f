import type { Json } from '../../src/base/json.ts';
import type { Event } from '../../src/events/event.ts';

const DAY_MS = 864e5;

/** Where the histories below end: 2026-05-01. */
export const HISTORY_END_MS = Date.UTC(2026, 4, 1);

export type History = {
  readonly events: Event[];
  /** Appends an event `daysAgo` before the end, at the next position. */
  tell(
    daysAgo: number,
    event: { type: string; subject?: [kind: string, id: string]; actor?: string },
    data?: { [key: string]: Json },
  ): Event;
};

export function emptyHistory(): History {
  const events: Event[] = [];
  return {
    events,
    tell(daysAgo, { type, subject = ['thing', 'thing_1'], actor = 'auto' }, data = {}) {
      const position = events.length + 1;
      const atMs = HISTORY_END_MS - daysAgo * DAY_MS;
      const event: Event = {
        eventId: `event_${String(position).padStart(6, '0')}`,
        position,
        type,
        subject: { kind: subject[0], id: subject[1] },
        atMs,
        recordedAtMs: atMs,
        actor,
        data,
      };
      events.push(event);
      return event;
    },
  };
}

export type CommitTold = {
  sha: string;
  daysAgo: number;
  /** Checks that did not pass, by kind. */
  failing?: readonly string[];
  skipped?: readonly string[];
  environments?: readonly string[];
  deployedBy?: string;
  /** No `commit.seen`, no `ci.finished`: a deployment by hand. */
  outOfBand?: boolean;
};

const CHECKS = [
  ['tests', 'G31, G32'],
  ['outputs-made', 'G35'],
  ['steps-fit', 'G36'],
  ['training-learns', 'G33'],
  ['finite-answers', 'G34'],
] as const;

export function bundleOf(sha: string): string {
  return `sha256:${sha.padEnd(64, '0')}`;
}

/** A commit with its tests and its bundle. */
export function tellCommit(history: History, told: CommitTold): void {
  const { sha, daysAgo, failing = [], skipped = [] } = told;
  const subject: [string, string] = ['commit', sha];
  if (told.outOfBand === true) return;
  history.tell(daysAgo, { type: 'commit.seen', subject }, { sha, branch: 'main', author: 'ada' });
  history.tell(daysAgo, { type: 'bundle.built', subject }, { sha, digest: bundleOf(sha) });
  history.tell(
    daysAgo,
    { type: 'ci.finished', subject },
    {
      sha,
      state: failing.length > 0 ? 'failed' : 'passed',
      checks: CHECKS.map(([kind, requirement]) => ({
        kind,
        requirement,
        state: failing.includes(kind) ? 'failed' : skipped.includes(kind) ? 'skipped' : 'passed',
      })),
    },
  );
}

export function tellDeployment(
  history: History,
  told: { sha: string; daysAgo: number; environment?: string; actor?: string },
): void {
  const { sha, daysAgo, environment, actor = 'auto' } = told;
  history.tell(
    daysAgo,
    { type: 'pipeline.deployed', subject: ['commit', sha], actor },
    {
      sha,
      bundle: bundleOf(sha),
      pipelines: ['train'],
      ...(environment === undefined ? {} : { environment }),
    },
  );
}

export type RunTold = {
  run: number;
  daysAgo: number;
  model?: string;
  cause?: string;
  causeEventId?: string;
  actor?: string;
  sha?: string | null;
  dataset?: number;
  validated?: boolean;
  validationPassed?: boolean;
  /** Leaves out the test rows and metrics. */
  unmeasured?: boolean;
  gates?: readonly string[];
  refusedBy?: string;
  parameters?: { [key: string]: Json };
  against?: string;
  /** A run of files that are in no deployed commit. */
  workingTree?: boolean;
  /** The version was registered by a step and adopted by the run. */
  adopted?: boolean;
};

const GATES = ['service', 'metric', 'beats', 'slices', 'skew'];

/** A run from its dataset version to the registered and judged candidate, whose version is the run's number. */
export function tellRun(history: History, told: RunTold): void {
  const { run, daysAgo, model = 'late', cause = 'schedule', dataset = run } = told;
  const runId = `run_${run}`;
  const subject: [string, string] = ['run', runId];
  const sha = told.sha === undefined ? 'aaaaaaa1' : told.sha;
  const code = sha === null ? {} : { commit: sha, bundle: bundleOf(sha) };
  const causeData = {
    kind: cause,
    text: cause,
    ...(told.causeEventId === undefined ? {} : { eventId: told.causeEventId }),
  };
  const parameters = told.parameters ?? { l2: 1 };
  history.tell(
    daysAgo,
    { type: 'run.started', subject, actor: told.actor ?? 'auto' },
    {
      pipeline: 'train',
      cause: causeData,
      parameters,
      steps: ['extract', 'validate', 'fit'],
      ...code,
      ...(told.workingTree === true ? { workingTree: true } : {}),
    },
  );
  if (cause !== 'manual')
    history.tell(
      daysAgo,
      { type: 'trigger.fired', subject: ['trigger', `train/${cause}`] },
      { trigger: `train/${cause}`, kind: cause, run: runId },
    );
  history.tell(
    daysAgo,
    { type: 'dataset.version-created', subject: ['dataset', 'flights'] },
    { dataset: 'flights', number: dataset, state: 'valid' },
  );
  history.tell(
    daysAgo,
    { type: 'run.pinned', subject },
    { projectTree: 'sha256:tree', datasets: { flights: { digest: 'sha256:d', number: dataset } } },
  );
  const validation = `validation_${run}`;
  const step = (name: string, digest: string): void => {
    history.tell(
      daysAgo,
      { type: 'step.committed', subject },
      { run: runId, step: name, cached: false, outputs: { out: { digest, kind: 'file' } } },
    );
  };
  step('extract', `sha256:rows-${run}`);
  if (told.validated !== false)
    history.tell(
      daysAgo,
      { type: 'validation.recorded', subject: ['validation', validation] },
      {
        dataset: 'flights',
        subject: { kind: 'version', id: String(dataset) },
        passed: told.validationPassed ?? true,
        total: 3,
        failures: [],
      },
    );
  step('validate', `sha256:report-${run}`);
  step('fit', `sha256:model-${run}`);
  const measured = told.unmeasured !== true;
  const metrics: Record<string, number> = measured ? { log_loss: 0.5 - run / 1000 } : {};
  history.tell(
    daysAgo,
    { type: 'run.succeeded', subject },
    {
      pipeline: 'train',
      cause: causeData,
      parameters,
      produced: {
        model,
        modelTree: `sha256:model-${run}`,
        metrics,
        test: measured ? `sha256:rows-${run}` : null,
        train: `sha256:rows-${run}`,
        datasets: [{ dataset: 'flights', number: dataset, version: 'sha256:d' }],
        details: {
          extract: { to: HISTORY_END_MS - (daysAgo + 1) * DAY_MS },
          ...(told.validated === false ? {} : { validate: { validation } }),
        },
      },
    },
  );
  history.tell(
    daysAgo,
    { type: 'model.version-registered', subject: ['model', model] },
    {
      model,
      version: String(run),
      digest: `sha256:model-${run}`,
      runId: told.adopted === true ? null : runId,
      metrics,
      features: [{ column: 'delay', view: 'delay', viewDigest: 'sha256:view' }],
    },
  );
  if (told.adopted === true)
    history.tell(
      daysAgo,
      { type: 'model.version-adopted', subject: ['model', model], actor: 'client' },
      { model, version: String(run), runId, digest: `sha256:model-${run}` },
    );
  tellGates(history, told);
}

function tellGates(history: History, told: RunTold): void {
  const { run, daysAgo, model = 'late', refusedBy } = told;
  const gates = told.workingTree === true ? [] : (told.gates ?? GATES);
  for (const gate of gates) {
    const refused = gate === refusedBy;
    history.tell(
      daysAgo,
      { type: 'gate.evaluated', subject: ['model', model] },
      {
        model,
        version: String(run),
        gate,
        outcome: refused ? 'refused' : 'passed',
        reason: `${gate} says so.`,
        settings: {},
        evidence:
          gate === 'service'
            ? { exampleRows: 1, requests: 200, latencyP95Ms: 1.5 }
            : gate === 'skew'
              ? { features: [{ column: 'delay', source: 'served' }] }
              : gate === 'beats'
                ? { against: told.against ?? 'baseline', difference: -0.002 }
                : {},
      },
    );
    if (refused && gate === 'service') break;
  }
  if (refusedBy !== undefined || told.workingTree === true)
    history.tell(
      daysAgo,
      { type: 'candidate.refused', subject: ['model', model] },
      {
        model,
        version: String(run),
        runId: `run_${run}`,
        reasons: ['Refused.'],
        gates: gates.map((kind) => ({ kind, outcome: kind === refusedBy ? 'refused' : 'passed' })),
      },
    );
}

export type ReleaseTold = {
  version: number;
  daysAgo: number;
  model?: string;
  /** The version before; null for the first. */
  previous: number | null;
  promotedBy?: string;
  /** Goes to 100 % at once. */
  direct?: boolean;
  /** Rolled back at 25 % instead of promoted. */
  caught?: boolean;
  release?: string;
};

/** A release through 5 % and 25 %. */
export function tellRelease(history: History, told: ReleaseTold): void {
  const { version, daysAgo, model = 'late', previous } = told;
  const id = told.release ?? `release_${model}_${version}`;
  const subject: [string, string] = ['release', id];
  const named = { release: id, endpoint: model, model, version: String(version) };
  const champion = previous === null ? null : String(previous);
  history.tell(
    daysAgo,
    { type: 'release.started', subject },
    { ...named, champion, stage: 'shadow', share: 0, slowUs: previous === null ? null : 2500 },
  );
  if (previous !== null && told.direct !== true) {
    for (const share of [0.05, 0.25])
      history.tell(
        daysAgo,
        { type: 'release.advanced', subject },
        { ...named, champion, from: 'shadow', to: `${share * 100}%`, share, reason: 'no sign' },
      );
  }
  if (told.caught === true) {
    history.tell(
      daysAgo,
      { type: 'release.rolled-back', subject },
      { ...named, champion, stage: '25%', guard: 'quality', reason: 'worse' },
    );
    return;
  }
  history.tell(
    daysAgo,
    { type: 'release.promoted', subject, actor: told.promotedBy ?? 'auto' },
    { ...named, previous: champion, reason: 'good' },
  );
}

/** Windows that the monitors of an endpoint judged on a version. */
export function tellWindows(
  history: History,
  told: {
    daysAgo: number;
    version: number;
    model?: string;
    kinds?: readonly string[];
    value?: number;
  },
): void {
  const { daysAgo, version, model = 'late' } = told;
  for (const kind of told.kinds ?? ['input-drift', 'quality', 'checks', 'service']) {
    history.tell(
      daysAgo,
      { type: 'monitor.evaluated', subject: ['monitor', `${model}/${kind}`] },
      {
        monitor: `${model}/${kind}`,
        endpoint: model,
        kind,
        model,
        version: String(version),
        rows: 5000,
        labelled: kind === 'quality' ? 4900 : null,
        verdict: 'quiet',
        value: told.value ?? 0.5 - version / 1000,
        unit: 'log_loss',
      },
    );
  }
}

/** An alarm of drift that opens, starts a run when asked, and closes. Gives the id of the opening event. */
export function tellAlarm(
  history: History,
  told: {
    alarm: number;
    daysAgo: number;
    version: number;
    kind?: string;
    closedAfterDays?: number;
  },
): string {
  const { alarm, daysAgo, version, kind = 'quality' } = told;
  const subject: [string, string] = ['alarm', `alarm_${alarm}`];
  const named = { endpoint: 'late', model: 'late', version: String(version), kind };
  const opened = history.tell(
    daysAgo,
    { type: 'alarm.opened', subject },
    {
      ...named,
      firstBadWindow: {
        fromMs: HISTORY_END_MS - (daysAgo + 7) * DAY_MS,
        toMs: HISTORY_END_MS - daysAgo * DAY_MS,
      },
    },
  );
  if (told.closedAfterDays !== undefined)
    history.tell(daysAgo - told.closedAfterDays, { type: 'alarm.closed', subject }, named);
  return opened.eventId;
}

/**
 * A project that meets everything: three pipeline changes through test, pre-production and production, eight trainings by
 * each kind of trigger, releases through canaries, monitors on all of it, one release caught and one alarm.
 */
export function wholeHistory(): History {
  const history = emptyHistory();
  history.tell(
    80,
    { type: 'feature.view-defined', subject: ['feature-view', 'delay'] },
    {
      view: 'delay',
      digest: 'sha256:view',
    },
  );
  const shas = ['aaaaaaa1', 'bbbbbbb2', 'ccccccc3'];
  let run = 0;
  let champion: number | null = null;
  for (const [index, sha] of shas.entries()) {
    const start = 78 - index * 25;
    tellCommit(history, { sha, daysAgo: start });
    tellDeployment(history, { sha, daysAgo: start, environment: 'test' });
    tellDeployment(history, { sha, daysAgo: start, environment: 'pre-production' });
    for (let i = 0; i < 3; i += 1) {
      run += 1;
      tellRun(history, {
        run,
        daysAgo: start - 1 - i,
        sha,
        cause: i === 1 ? 'new-data' : 'schedule',
      });
    }
    tellDeployment(history, { sha, daysAgo: start - 5, environment: 'production', actor: 'ada' });
    tellRelease(history, { version: run, daysAgo: start - 6, previous: champion });
    champion = run;
    tellWindows(history, { version: run, daysAgo: start - 13 });
    const eventId = tellAlarm(history, {
      alarm: index,
      daysAgo: start - 13,
      version: run,
      kind: 'input-drift',
      closedAfterDays: 4,
    });
    run += 1;
    tellRun(history, { run, daysAgo: start - 14, sha, cause: 'alarm', causeEventId: eventId });
    tellRelease(history, {
      version: run,
      daysAgo: start - 15,
      previous: champion,
      caught: index === 0,
    });
    if (index > 0) champion = run;
    tellWindows(history, { version: champion, daysAgo: start - 20 });
  }
  return history;
}
