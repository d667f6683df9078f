import type { Json } from '../base/json.ts';
import type { Event } from '../events/event.ts';

/** Reads of what an event says; a part that is absent or of another kind is null, never an error: old logs stay readable. */
export function textOf(event: Event | undefined, name: string): string | null {
  const value = event?.data[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}

export function numberOf(event: Event | undefined, name: string): number | null {
  const value = event?.data[name];
  return typeof value === 'number' ? value : null;
}

export function objectOf(event: Event | undefined, name: string): { [key: string]: Json } {
  return asObject(event?.data[name]);
}

export function listOf(event: Event | undefined, name: string): Json[] {
  const value = event?.data[name];
  return Array.isArray(value) ? value : [];
}

export function asObject(value: Json | undefined): { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

export function asText(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}

/** Whether a person did it, and not the system by itself. */
export function byPerson(event: Event): boolean {
  return event.actor !== 'auto';
}
