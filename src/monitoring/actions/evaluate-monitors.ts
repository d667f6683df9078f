import { AppError } from '../../base/app-error.ts';
import type { Json } from '../../base/json.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { monitors } from '../monitors/index.ts';
import type { MonitorContext, MonitorKind } from '../monitor-kind.ts';
import {
  emptyFinding,
  monitorRulesOf,
  nextSpan,
  reignsOf,
  spanText,
  type Finding,
  type MonitorRule,
  type Reign,
  type Rows,
  type ServedRows,
  type Span,
} from '../monitor.ts';
import {
  findMonitor,
  insertWindow,
  moveMonitor,
  openAlarms,
  setMonitorState,
  type StoredMonitor,
} from '../monitoring-store.ts';
import { championMoves, readServedRows } from '../window-store.ts';
import { closeAlarm } from './close-alarm.ts';
import { loadReferenceRows } from './load-reference-rows.ts';
import { openAlarm } from './open-alarm.ts';
import { syncMonitors } from './sync-monitors.ts';

/** Predictions still under way from the gateway when a window ends are waited for this long. */
export const COLLECTION_GRACE_MS = 60_000;

/** A monitor that failed is left alone for this long (calendar). */
const RETRY_MS = 60_000;

export type Evaluation = { didSomething: boolean; nextDueMs: number };

/**
 * Judges every window that is over (and, for quality, whose labels are due), one after another, each exactly once: the
 * window's row, the detector after it, the cursor and the alarm go in one transaction that fails if the cursor moved.
 * At most one window per monitor and call. Gives also the calendar instant at which the next one is due.
 */
export async function evaluateMonitors(ctx: MonitorContext): Promise<Evaluation> {
  let didSomething = await syncMonitors(ctx);
  let nextDueMs = Number.POSITIVE_INFINITY;
  const reader = windowReader(ctx);
  const reigns = new Map<string, Reign[]>();
  for (const rule of monitorRulesOf(ctx.project.definition().endpoints)) {
    const known = reigns.get(rule.model) ?? reignsOf(await championMoves(ctx.db, rule.model));
    reigns.set(rule.model, known);
    const stored = await findMonitor(ctx.db, rule.monitor);
    if (!stored) continue;
    didSomething = (await closeReplaced(ctx, rule, known)) || didSomething;
    const due = dueWindow(ctx, rule, known, stored);
    if (!due) continue;
    if (due.dueMs > ctx.clocks.calendar.nowMs()) {
      nextDueMs = Math.min(nextDueMs, due.dueMs);
      continue;
    }
    try {
      await judgeWindow(ctx, { rule, stored, window: due, reigns: known, reader });
      didSomething = true;
    } catch (error) {
      // One monitor that cannot do its work must not take the others with it; it is tried again.
      ctx.logger.error({ err: error, monitor: rule.monitor }, 'a window could not be judged');
      nextDueMs = Math.min(nextDueMs, ctx.clocks.calendar.nowMs() + RETRY_MS);
    }
  }
  return { didSomething, nextDueMs };
}

type DueWindow = Span & { version: string; dueMs: number; windowMs: number };

function dueWindow(
  ctx: MonitorContext,
  rule: MonitorRule,
  reigns: readonly Reign[],
  stored: StoredMonitor,
): DueWindow | undefined {
  const windowMs = rule.entry.window as number;
  const span = nextSpan(reigns, stored.cursorMs, windowMs);
  if (!span) return undefined;
  const horizonMs = ctx.project.definition().models[rule.model]?.label.horizon ?? 0;
  const waitMs = kindOf(rule).waitsForLabels ? horizonMs : 0;
  return { ...span, windowMs, dueMs: span.toMs + waitMs + COLLECTION_GRACE_MS };
}

function kindOf(rule: MonitorRule): MonitorKind {
  const kind = monitors.find((candidate) => candidate.kind === rule.entry.kind);
  if (!kind) throw new AppError('INTERNAL', `No monitor kind "${rule.entry.kind}" is built in.`);
  return kind;
}

/** An alarm tells of one version; once another serves at 100 % there is nothing left to say. */
async function closeReplaced(
  ctx: MonitorContext,
  rule: MonitorRule,
  reigns: readonly Reign[],
): Promise<boolean> {
  const champion = reigns.at(-1)?.toMs === null ? reigns.at(-1)?.version : undefined;
  const replaced = (await openAlarms(ctx.db, rule.monitor)).filter(
    (alarm) => alarm.version !== champion,
  );
  if (replaced.length === 0) return false;
  const reason =
    champion === undefined ? 'no version serves any more' : `version ${champion} was promoted`;
  await ctx.db.transaction().execute(async (tx) => {
    for (const alarm of replaced) await closeAlarm(ctx, tx, { alarm, reason });
    const nowMs = ctx.clocks.calendar.nowMs();
    const sentence = `Waits for a window of version ${champion ?? 'to come'}: ${reason}.`;
    await setMonitorState(tx, rule.monitor, { state: 'waiting', sentence, nowMs });
  });
  return true;
}

type WindowReader = (
  rule: MonitorRule,
  kind: MonitorKind,
  window: DueWindow,
) => Promise<ServedRows>;

/** Monitors of an endpoint share windows: the rows read last are kept for the next one. */
function windowReader(ctx: MonitorContext): WindowReader {
  let last: { key: string; rows: ServedRows } | undefined;
  return async (rule, kind, window) => {
    const version = kind.subject === 'champion' ? window.version : undefined;
    const key = JSON.stringify([rule.endpoint, version, window.fromMs, window.toMs, kind.reads]);
    if (last?.key === key) return last.rows;
    const rows = await readServedRows(ctx.db, {
      endpoint: rule.endpoint,
      ...(version === undefined ? {} : { version }),
      span: window,
      features: kind.reads.features,
      nowMs: ctx.clocks.calendar.nowMs(),
    });
    last = { key, rows };
    return rows;
  };
}

type WindowCase = {
  rule: MonitorRule;
  stored: StoredMonitor;
  window: DueWindow;
  reigns: readonly Reign[];
  reader: WindowReader;
};

async function judgeWindow(ctx: MonitorContext, found: WindowCase): Promise<void> {
  const { rule, stored, window } = found;
  const kind = kindOf(rule);
  const rows = await found.reader(rule, kind, window);
  const fresh = stored.version !== window.version;
  const base = { rule, kind, window, rows };
  const { reference, finding: taken } = await referenceOf(ctx, {
    ...base,
    stored: fresh ? null : stored.reference,
  });
  const detector = fresh ? null : stored.detector;
  const part = window.toMs - window.fromMs < window.windowMs;
  const finding =
    taken ??
    (part && kind.wholeWindows ? partOfWindow(window, rows, detector) : undefined) ??
    (await judgeOrSayWhyNot(ctx, kind, {
      config: rule.entry,
      endpoint: rule.endpoint,
      model: rule.model,
      version: window.version,
      span: window,
      rows,
      reference: reference.content,
      detector,
      windowMs: window.windowMs,
    }));
  await settleWindow(ctx, found, { finding, reference: reference.digest });
}

/** What a person has to mend (a suite that is gone) is said in the window's place, and the monitor goes on. */
async function judgeOrSayWhyNot(
  ctx: MonitorContext,
  kind: MonitorKind,
  input: Parameters<MonitorKind['judge']>[1],
): Promise<Finding> {
  try {
    return await kind.judge(ctx, input);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      ...emptyFinding(input.rows.count, input.detector),
      sentence: `${spanText(input.span)} could not be judged: ${error.message}`,
    };
  }
}

function partOfWindow(window: DueWindow, rows: ServedRows, detector: Json): Finding {
  return {
    ...emptyFinding(rows.count, detector),
    sentence: `Not enough evidence: version ${window.version} served only a part of this window, ${spanText(window)}.`,
  };
}

type Reference = { content: Json; digest: string | null };

/**
 * The reference of the version: stored, or made now from what it was trained on, or from this very window when it is a
 * full one; a window that became the reference, or for which there is none yet, is not judged.
 */
async function referenceOf(
  ctx: MonitorContext,
  found: {
    rule: MonitorRule;
    kind: MonitorKind;
    window: DueWindow;
    rows: ServedRows;
    stored: string | null;
  },
): Promise<{ reference: Reference; finding?: Finding }> {
  const { rule, kind, window, rows } = found;
  const which = kind.reference(rule.entry);
  if (which === 'none') return { reference: { content: null, digest: null } };
  if (found.stored !== null) {
    const text = Buffer.from(await ctx.blobs.read(found.stored as Digest)).toString('utf8');
    return { reference: { content: JSON.parse(text) as Json, digest: found.stored } };
  }
  const sources: (() => Promise<Rows | null>)[] =
    which === 'first-window'
      ? []
      : [which, 'test' as const].map(
          (source) => () =>
            loadReferenceRows(ctx, { model: rule.model, version: window.version, which: source }),
        );
  for (const source of sources) {
    const trained = await source();
    const content = trained === null ? null : await kind.makeReference(trained, rule.entry, ctx);
    if (content !== null) return { reference: await store(ctx, content) };
  }
  const isFull = window.toMs - window.fromMs === window.windowMs;
  const content = isFull ? await kind.makeReference(rows, rule.entry, ctx) : null;
  if (content === null) {
    const finding = {
      ...emptyFinding(rows.count, null),
      sentence: `No reference for version ${window.version} yet: ${isFull ? 'too little to compare with' : 'not a full window'} in ${spanText(window)}.`,
    };
    return { reference: { content: null, digest: null }, finding };
  }
  const finding: Finding = {
    ...emptyFinding(rows.count, null),
    verdict: 'reference',
    sentence: `${spanText(window)} is the reference of version ${window.version}: nothing of its training can be compared with.`,
  };
  return { reference: await store(ctx, content), finding };
}

async function store(ctx: MonitorContext, content: Json): Promise<Reference> {
  return { content, digest: (await ctx.blobs.put(JSON.stringify(content))).digest };
}

async function settleWindow(
  ctx: MonitorContext,
  found: WindowCase,
  judged: { finding: Finding; reference: string | null },
): Promise<void> {
  const { rule, stored, window, reigns } = found;
  const { finding } = judged;
  const nowMs = ctx.clocks.calendar.nowMs();
  const serves = reigns.some((reign) => reign.version === window.version && reign.toMs === null);
  await ctx.db.transaction().execute(async (tx) => {
    const moved = await moveMonitor(tx, rule.monitor, {
      fromCursorMs: stored.cursorMs,
      cursorMs: window.toMs,
      version: window.version,
      detector: finding.detector,
      reference: judged.reference,
      state: finding.verdict === 'reference' ? 'waiting' : finding.verdict,
      sentence: finding.sentence,
      nowMs,
    });
    if (!moved) return;
    await insertWindow(tx, windowRow(rule, window, finding, nowMs));
    await appendEvent(ctx, tx, {
      type: 'monitor.evaluated',
      subject: { kind: 'monitor', id: rule.monitor },
      data: {
        monitor: rule.monitor,
        endpoint: rule.endpoint,
        kind: rule.entry.kind,
        model: rule.model,
        version: window.version,
        window: { fromMs: window.fromMs, toMs: window.toMs },
        rows: finding.rows,
        labelled: finding.labelled,
        verdict: finding.verdict,
        value: finding.value !== null && Number.isFinite(finding.value) ? finding.value : null,
        unit: finding.effectUnit,
      },
    });
    for (const alarm of await openAlarms(tx, rule.monitor)) {
      if (finding.clears !== null) await closeAlarm(ctx, tx, { alarm, reason: finding.clears });
    }
    if (serves) await openAlarm(ctx, tx, { rule, version: window.version, finding });
  });
}

function windowRow(rule: MonitorRule, window: DueWindow, finding: Finding, nowMs: number) {
  return {
    monitor: rule.monitor,
    from_ms: window.fromMs,
    to_ms: window.toMs,
    endpoint: rule.endpoint,
    model: rule.model,
    version: window.version,
    rows: finding.rows,
    labelled: finding.labelled,
    verdict: finding.verdict,
    value: finding.value,
    value_low: finding.valueLow,
    value_high: finding.valueHigh,
    reference: finding.reference,
    limit_value: finding.limit,
    effect: finding.effect,
    effect_low: finding.effectLow,
    effect_high: finding.effectHigh,
    effect_unit: finding.effectUnit,
    evidence: finding.evidence,
    threshold: finding.threshold,
    sentence: finding.sentence,
    details: JSON.stringify({ ...finding.details, columns: finding.columns }),
    evaluated_ms: nowMs,
  };
}
