import type { VariantEntry } from '../config/project-file/project-definition.ts';
import { canonicalJson } from '../base/json.ts';

/** A rule as the project file has it, with the name it is known by. */
export type TriggerRule = {
  trigger: string;
  pipeline: string;
  entry: VariantEntry;
  config: string;
};

/** Something that may start a run: an event, an instant of a schedule, or a person's order. */
export type Occasion = {
  /** Event id, `at:` and the instant, `hand:` or `message:` and a key; unique within the trigger. */
  occasion: string;
  eventId: string | null;
  dueMs: number;
  /** The cause in words, as the run will tell it. */
  text: string;
  /** Instants of the schedule that passed unused before this one. */
  missed: number;
};

/** How a trigger stands when an occasion is judged. All times are of the calendar. */
export type TriggerStanding = {
  enabled: boolean;
  lastFiredMs: number | null;
  coolDownMs: number;
  nowMs: number;
  /** An unfinished run of the same pipeline. */
  activeRun: string | null;
  /** Waits for the end of the cool-down or of the run instead of being skipped. */
  patient: boolean;
};

export type Verdict = { kind: 'fire' } | { kind: 'wait' | 'skip'; reason: string };

/**
 * What becomes of an occasion. A pipeline never runs twice at once: an alarm or new data waits (the newest only), an
 * instant of a schedule is skipped, since the next one comes by itself.
 */
export function judgeOccasion(standing: TriggerStanding): Verdict {
  if (!standing.enabled) return { kind: 'skip', reason: 'the trigger is switched off' };
  const kind = standing.patient ? 'wait' : 'skip';
  if (standing.activeRun !== null) {
    return { kind, reason: `${standing.activeRun} of the same pipeline is not finished` };
  }
  const readyMs = coolUntilMs(standing);
  if (readyMs !== null && standing.nowMs < readyMs) {
    return { kind, reason: `cool-down until ${new Date(readyMs).toISOString()}` };
  }
  return { kind: 'fire' };
}

/** End of the cool-down; null when there is none. */
export function coolUntilMs(
  standing: Pick<TriggerStanding, 'lastFiredMs' | 'coolDownMs'>,
): number | null {
  if (standing.lastFiredMs === null || standing.coolDownMs === 0) return null;
  return standing.lastFiredMs + standing.coolDownMs;
}

/**
 * The rules of a project with their names: `pipeline/kind`, and `pipeline/kind-2`, `-3` for further ones of a kind in
 * the order of the file.
 */
export function rulesOf(
  pipelines: Record<string, { triggers: readonly VariantEntry[] }>,
): TriggerRule[] {
  return Object.entries(pipelines).flatMap(([pipeline, { triggers }]) => {
    const counts = new Map<string, number>();
    return triggers.map((entry) => {
      const count = (counts.get(entry.kind) ?? 0) + 1;
      counts.set(entry.kind, count);
      const name = count === 1 ? entry.kind : `${entry.kind}-${count}`;
      return { trigger: `${pipeline}/${name}`, pipeline, entry, config: canonicalJson(entry) };
    });
  });
}

/** The key under which the run of a firing is started: the same after any crash. */
export function runKey(firing: { trigger: string; occasion: string }): string {
  return `trigger:${firing.trigger}:${firing.occasion}`;
}
