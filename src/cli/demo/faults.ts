import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '../api-client.ts';
import type { Edit } from './project-commits.ts';

export type FaultKind = 'corrupted-batch' | 'failing-model' | 'server-killed' | 'leaking-feature';
export const FAULT_KINDS: readonly FaultKind[] = [
  'corrupted-batch',
  'failing-model',
  'server-killed',
  'leaking-feature',
];

/** A planted fault, and who caught it, proved by events of the server. */
export type FaultReport = {
  kind: FaultKind;
  planted: string;
  caught: boolean;
  by: string;
  evidence: string[];
};

export type DemoEvent = {
  eventId: string;
  position: number;
  type: string;
  subject: { kind: string; id: string };
  atMs: number;
  data: Record<string, unknown>;
};

const DAY_MS = 86_400_000;

/** When each fault is planted, on the replayed calendar (UTC). */
export const FAULT_PLAN = {
  /** The last file of Sunday, 11 March, arrives corrupted before the Monday run; the right one comes a day later. */
  corruptedHourMs: Date.UTC(2001, 2, 12, 0),
  redeliveredMs: Date.UTC(2001, 2, 13, 9),
  /** From this Monday on, the project's training carries a holiday table that ends too early. */
  failingFromMs: Date.UTC(2001, 3, 2),
  /** The server is killed during the Monday run of 7 May. */
  killRunMs: Date.UTC(2001, 4, 7, 6),
  /** Before this Monday's run a commit makes a feature look into the future. */
  leakingMs: Date.UTC(2001, 5, 11, 5),
} as const;

/** Days from 1 January 2001 to the given instant. */
export function dayIndex(atMs: number): number {
  return Math.floor((atMs - Date.UTC(2001, 0, 1)) / DAY_MS);
}

/** A parameter of the training pipeline, as it stands in the project's file, and as it shall. */
export async function parameterEdit(
  projectDir: string,
  name: string,
  value: number,
): Promise<Edit> {
  const text = await readFile(join(projectDir, 'rondo.yaml'), 'utf8');
  const from = new RegExp(`\\b${name}:\\s*\\d+`).exec(text)?.[0] ?? `${name}:`;
  return { file: 'rondo.yaml', from, to: `${name}: ${value}` };
}

/** All events of some types after a position, page by page. */
export async function readEvents(
  api: ApiClient,
  types: readonly string[],
  after = 0,
): Promise<DemoEvent[]> {
  const events: DemoEvent[] = [];
  let position: string | null = String(after);
  while (position !== null) {
    const page: { items: DemoEvent[]; next: string | null } = await api.get('/api/events', {
      after: position,
      type: types.join(','),
      limit: 1000,
    });
    events.push(...page.items);
    position = page.next;
  }
  return events;
}
