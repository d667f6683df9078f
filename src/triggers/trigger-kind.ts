import type { z } from 'zod';
import type { Json } from '../base/json.ts';
import { durationField } from '../contract/fields.ts';
import type { Variant } from '../contract/variant.ts';
import type { Context } from '../context.ts';
import type { Transaction } from '../storage/database/database.ts';
import type { MessageParameters } from './message.ts';
import type { Occasion } from './trigger.ts';

/** Up to where a trigger has considered the event log and the calendar. */
export type Considered = { position: number; consideredMs: number };

export type TriggerContext = Pick<
  Context,
  'db' | 'clocks' | 'blobs' | 'analytics' | 'ids' | 'bus' | 'logger' | 'project' | 'paths'
>;

/** What triggers ask of other domains, handed in by the composition so that a test can break it anywhere. */
export type TriggerDoors = {
  /** Starts a run; the same key gives the same run, however often it is asked. */
  startRun(order: {
    pipeline: string;
    cause: { [key: string]: Json };
    key: string;
    parameters?: MessageParameters;
  }): Promise<{ runId: string }>;
  /** Makes a version of what a dataset holds now; the same content gives the same version. */
  cutVersion(dataset: string): Promise<unknown>;
};

/** What a trigger kind does beside its settings. Everything but `occasions` and `obsolete` is pure. */
export type TriggerBehaviour<Config> = {
  /** The cause its runs carry. */
  cause: 'manual' | 'schedule' | 'new-data' | 'alarm' | 'push' | 'message';
  /** Waits through a cool-down or a running pipeline instead of being skipped; the newest occasion wins. */
  patient: boolean;
  /** Every occasion that waits is kept, in order, and a run in between does not answer it: it may carry parameters. */
  keepsEach?: true;
  /** The rule in words. */
  sentence(config: Config): string;
  /** Coming instants, for kinds that go by the calendar. */
  upcoming(config: Config, fromMs: number, count: number): number[];
  /** The first instant at which it has to be looked at again if no event comes; null = only on events. */
  nextLookMs(config: Config, considered: Considered): number | null;
  /** Position of the log after which a new rule looks; null, or without it: only at what comes after the rule. */
  freshFrom?(db: Transaction): Promise<number | null>;
  /** What has come up since, oldest first, and how far was looked. */
  occasions(
    ctx: TriggerContext,
    rule: { trigger: string; pipeline: string; config: Config },
    since: Considered,
    doors: TriggerDoors,
  ): Promise<{ occasions: Occasion[]; considered: Considered }>;
  /** Why an occasion that waited is no longer wanted; null = it still is. */
  obsolete(
    ctx: TriggerContext,
    rule: { trigger: string; pipeline: string; config: Config },
    occasion: { eventId: string | null },
  ): Promise<string | null>;
};

export type TriggerKind = Variant & TriggerBehaviour<Record<string, unknown>>;

/** Checks a kind against its own settings and forgets their type, so that kinds can stand in one table. */
export function defineTriggerKind<Schema extends z.ZodObject>(
  kind: Variant<Schema> & TriggerBehaviour<z.output<Schema>>,
): TriggerKind {
  return kind as unknown as TriggerKind;
}

/** Settings every kind shares. */
export const coolDownField = durationField
  .prefault('0s')
  .describe('At least this long (calendar) between two runs started by this trigger');
