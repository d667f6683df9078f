import type { TriggerKind } from '../trigger-kind.ts';
import { alarm } from './alarm.ts';
import { message } from './message.ts';
import { manual } from './manual.ts';
import { newData } from './new-data.ts';
import { push } from './push.ts';
import { schedule } from './schedule.ts';
import { valueSkew } from './value-skew.ts';

/** Every kind of trigger. */
export const triggerKinds: readonly TriggerKind[] = [
  manual,
  schedule,
  newData,
  valueSkew,
  alarm,
  push,
  message,
];
