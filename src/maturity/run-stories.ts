import type { Json } from '../base/json.ts';
import type { Event } from '../events/event.ts';
import type { RunStory } from './evidence.ts';
import { asObject, asText, objectOf, textOf } from './event-data.ts';

const ENDS = ['run.succeeded', 'run.failed', 'run.cancelled'] as const;

/**
 * Runs as their events tell them. A run counts as soon as any event speaks of it, so that a lost event takes proof away
 * and never a run.
 */
export function runStories(events: ReadonlyMap<string, readonly Event[]>): RunStory[] {
  const parts = new Map<string, Event[]>();
  const types = ['run.started', 'run.pinned', 'step.committed', ...ENDS];
  for (const event of types.flatMap((type) => events.get(type) ?? [])) {
    const list = parts.get(event.subject.id);
    if (list) list.push(event);
    else parts.set(event.subject.id, [event]);
  }
  const registered = new Map(
    ['model.version-registered', 'model.version-adopted']
      .flatMap((type) => events.get(type) ?? [])
      .map((event) => [textOf(event, 'runId'), event]),
  );
  const validations = indexValidations(events.get('validation.recorded') ?? []);
  return [...parts]
    .map(([runId, own]) => runStory(runId, own, { version: registered.get(runId), validations }))
    .sort((a, b) => a.atMs - b.atMs || a.runId.localeCompare(b.runId));
}

type Validations = {
  byId: ReadonlyMap<string, Event>;
  byVersion: ReadonlyMap<string, readonly Event[]>;
};

function indexValidations(events: readonly Event[]): Validations {
  const byVersion = new Map<string, Event[]>();
  for (const event of events) {
    const subject = objectOf(event, 'subject');
    if (subject.kind !== 'version') continue;
    const key = `${textOf(event, 'dataset') ?? ''}@${asText(subject.id) ?? ''}`;
    byVersion.set(key, [...(byVersion.get(key) ?? []), event]);
  }
  return { byId: new Map(events.map((event) => [event.subject.id, event])), byVersion };
}

function runStory(
  runId: string,
  own: readonly Event[],
  found: { version: Event | undefined; validations: Validations },
): RunStory {
  const started = own.find((event) => event.type === 'run.started');
  const pinned = own.find((event) => event.type === 'run.pinned');
  const ended = own.find((event) => ENDS.some((type) => type === event.type));
  const steps = own.filter((event) => event.type === 'step.committed');
  const produced = objectOf(ended, 'produced');
  const modelTree = asText(produced.modelTree) ?? textOf(found.version, 'digest');
  const cause = { ...objectOf(ended, 'cause'), ...objectOf(started, 'cause') };
  const datasets = datasetsOf(pinned, produced.datasets);
  const validations = datasets.flatMap(
    ({ dataset, number }) => found.validations.byVersion.get(`${dataset}@${number}`) ?? [],
  );
  for (const detail of Object.values(asObject(produced.details))) {
    const named = found.validations.byId.get(asText(asObject(detail).validation) ?? '');
    if (named) validations.push(named);
  }
  return {
    runId,
    pipeline: textOf(started, 'pipeline') ?? textOf(ended, 'pipeline') ?? '',
    causeKind: asText(cause.kind),
    causeEventId: asText(cause.eventId),
    commit: textOf(started, 'commit') ?? textOf(pinned, 'commit'),
    bundle: textOf(started, 'bundle') ?? textOf(pinned, 'bundle'),
    datasets,
    trains: found.version !== undefined || asText(produced.modelTree) !== null,
    started,
    pinned,
    steps,
    adHoc: started?.data.workingTree === true || ended?.data.workingTree === true,
    modelStep: modelTree === null ? undefined : stepThatMade(steps, modelTree),
    ended,
    validations: validations.toSorted((a, b) => a.position - b.position),
    atMs: Math.min(...own.map((event) => event.atMs)),
  };
}

function stepThatMade(steps: readonly Event[], digest: string): Event | undefined {
  return steps.find((event) =>
    Object.values(objectOf(event, 'outputs')).some((output) => asObject(output).digest === digest),
  );
}

function datasetsOf(
  pinned: Event | undefined,
  produced: Json | undefined,
): { dataset: string; number: number }[] {
  const pins = Object.entries(objectOf(pinned, 'datasets')).flatMap(([dataset, pin]) => {
    const { number } = asObject(pin);
    return typeof number === 'number' ? [{ dataset, number }] : [];
  });
  if (pins.length > 0 || !Array.isArray(produced)) return pins;
  return produced.flatMap((used) => {
    const { dataset, number } = asObject(used);
    return typeof dataset === 'string' && typeof number === 'number' ? [{ dataset, number }] : [];
  });
}
