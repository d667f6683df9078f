import type { AuditItem } from '../contract/views/audit-view.ts';
import type { EventRow } from '../storage/database/tables/events.ts';
import { jsonColumn } from './json-column.ts';

type Data = Record<string, unknown>;

/** Pages of what events tell of, by the kind of their subject. */
const PAGES: Record<string, (id: string, data: Data) => string | null> = {
  run: (id) => `/runs/${id}`,
  dataset: (id, data) =>
    typeof data.number === 'number' ? `/datasets/${id}/${data.number}` : `/datasets/${id}`,
  model: (id, data) =>
    id === ''
      ? null
      : typeof data.version === 'string'
        ? `/models/${id}/${data.version}`
        : `/models/${id}`,
  release: (id) => `/releases/${id}`,
  alarm: (id) => `/alarms/${id}`,
  trigger: (id) => `/triggers?trigger=${encodeURIComponent(id)}`,
  'feature-view': (id) => `/features/${id}`,
  prediction: (id) => `/lineage/prediction/${id}`,
  commit: (id) => `/commits/${id}`,
};

/** Where the subject of an event can be seen; null for what has no page. */
export function subjectAddress(
  subject: { kind: string; id: string },
  data: Data = {},
): string | null {
  return PAGES[subject.kind]?.(subject.id, data) ?? null;
}

/** Fields of an event's data that are a sentence already, best first; `cause.text` is why a run began. */
const SENTENCES = ['sentence', 'reason', 'text', 'message', 'subject'];
/** Plain fields that tell most, before the others. */
const TELLING = ['step', 'gate', 'outcome', 'pipeline', 'model', 'version', 'dataset', 'number'];
const SHOWN_FIELDS = 5;

/** The data of an event in a few words: its own sentence, or its first plain fields; `id` is its subject's. */
export function dataText(data: Data, id = ''): string {
  for (const name of SENTENCES) {
    const value = data[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  const cause = (data.cause as { text?: unknown } | null | undefined)?.text;
  if (typeof cause === 'string' && cause !== '') return cause;
  if (Array.isArray(data.reasons) && typeof data.reasons[0] === 'string')
    return data.reasons.join(' ');
  return Object.entries(data)
    .filter(
      ([, value]) =>
        value !== id && value !== false && ['string', 'number', 'boolean'].includes(typeof value),
    )
    .map(([name, value]) => ({ name, value, rank: TELLING.indexOf(name) }))
    .sort(
      (left, right) =>
        (left.rank < 0 ? TELLING.length : left.rank) -
        (right.rank < 0 ? TELLING.length : right.rank),
    )
    .slice(0, SHOWN_FIELDS)
    .map(({ name, value }) => (value === true ? name : `${name} ${short(value)}`))
    .join(' · ');
}

function short(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 4 });
  const text = String(value).replace(/^sha256:([0-9a-f]{10})[0-9a-f]+$/, '$1');
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** An event as the lists show it. */
export function eventItem(row: Omit<EventRow, 'position'> & { position: number }): AuditItem {
  const data = jsonColumn<Data>(row.data, {});
  const subject = { kind: row.subject_kind, id: row.subject_id };
  return {
    eventId: row.event_id,
    position: row.position,
    type: row.type,
    subject,
    atMs: row.at_ms,
    recordedAtMs: row.recorded_at_ms,
    actor: row.actor,
    text: dataText(data, row.subject_id),
    to: subjectAddress(subject, data),
  };
}
