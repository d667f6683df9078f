import type { Event } from '../../events/event.ts';
import { objectOf } from '../event-data.ts';

/** A number of a verdict's evidence; null where the gate did not measure it. */
export function gateFigure(gate: Event | undefined, name: string): number | null {
  const value = objectOf(gate, 'evidence')[name];
  return typeof value === 'number' ? value : null;
}
