import type { Event } from '../../events/event.ts';
import { byPerson, objectOf, textOf } from '../event-data.ts';
import {
  eventsWithin,
  promotions,
  versionOf,
  within,
  type Evidence,
  type ReleaseStory,
} from '../evidence.ts';
import { counted } from '../words.ts';
import { DAY_MS, distribution, HOUR_MS, share, type Case, type Figure } from './figure.ts';

/** Alarms that say that a version in production is bad, and not only that the world has changed. */
const CRITICAL = ['quality', 'service'];

export const changeFailureRate: Figure = {
  id: 'change-failure-rate',
  title: 'Change failure rate',
  unit: 'share of model deployments',
  per: 'model',
  measure(evidence, model) {
    const all = promotions(evidence).filter((release) => release.model === model);
    const caught = eventsWithin(evidence, 'release.rolled-back').filter(
      (event) => textOf(event, 'model') === model && textOf(event, 'stage') !== '100%',
    );
    return share(
      all.map((release) => {
        const failure = failureOf(evidence, release);
        return { hit: failure !== undefined, proof: [release.promoted, failure] };
      }),
      {
        noun: 'deployed version',
        note: `Failed: rolled back, or an alarm of quality or service within 7 days and before the next. ${counted(caught.length, 'release')} caught before 100 % not counted.`,
      },
    );
  },
};

function failureOf(evidence: Evidence, release: ReleaseStory): Event | undefined {
  if (!release.promoted) return undefined;
  const { promoted, endpoint } = release;
  const next = evidence.releases.find(
    (other) => other.endpoint === endpoint && (other.promoted?.position ?? 0) > promoted.position,
  )?.promoted;
  const untilMs = Math.min(next?.atMs ?? Infinity, promoted.atMs + 7 * DAY_MS);
  if (release.undone && release.undone.position > promoted.position) return release.undone;
  return (evidence.events.get('alarm.opened') ?? []).find(
    (event) =>
      CRITICAL.includes(textOf(event, 'kind') ?? '') &&
      textOf(event, 'endpoint') === endpoint &&
      textOf(event, 'version') === release.version &&
      event.position > promoted.position &&
      event.atMs <= untilMs,
  );
}

export const canaryCatches: Figure = {
  id: 'canary-catches',
  title: 'Bad versions caught before 100 %',
  unit: 'share of releases',
  per: 'model',
  measure(evidence, model) {
    const ended = evidence.releases.filter((release) => {
      const end = release.promoted ?? release.undone;
      return (
        release.model === model &&
        !release.first &&
        !release.restores &&
        end?.type !== 'release.withdrawn' &&
        within(evidence.window, end)
      );
    });
    return share(
      ended.map((release) => ({
        hit: release.promoted === undefined,
        proof: [release.promoted ?? release.undone],
      })),
      { noun: 'ended release' },
    );
  },
};

export const changeOfMetric: Figure = {
  id: 'change-of-metric',
  title: 'Change of the loss from one production model to the next, on the same rows',
  unit: 'loss, new less old',
  per: 'model',
  measure(evidence, model) {
    const cases = promotions(evidence).flatMap((release): Case[] => {
      if (release.model !== model || release.first) return [];
      const gate = versionOf(evidence, release)?.gates.find(
        (event) =>
          textOf(event, 'gate') === 'beats' && objectOf(event, 'evidence').against !== 'baseline',
      );
      const { difference } = objectOf(gate, 'evidence');
      return typeof difference === 'number'
        ? [{ value: difference, proof: [gate, release.promoted] }]
        : [];
    });
    return distribution(cases, {
      noun: 'replacement',
      note: 'Below zero the new model is better. The other reading of change failure (ml-ops.org).',
    });
  },
};

export const recoveryTime: Figure = {
  id: 'recovery-time',
  title: 'Recovery time: from an alarm of quality or service to its end',
  unit: 'hours',
  per: 'model',
  measure(evidence, model) {
    const ends = new Map(
      (evidence.events.get('alarm.closed') ?? []).map((event) => [event.subject.id, event]),
    );
    const cases = eventsWithin(evidence, 'alarm.opened').flatMap((opened): Case[] => {
      const closed = ends.get(opened.subject.id);
      return closed &&
        textOf(opened, 'model') === model &&
        CRITICAL.includes(textOf(opened, 'kind') ?? '')
        ? [{ value: (closed.atMs - opened.atMs) / HOUR_MS, proof: [opened, closed] }]
        : [];
    });
    return distribution(cases, {
      noun: 'ended alarm',
      note: 'An alarm ends with a rollback, a better version, or a measure back in its band.',
    });
  },
};

export const reworkRate: Figure = {
  id: 'rework-rate',
  title: 'Rework rate: deployments that nobody had planned',
  unit: 'share of model deployments',
  per: 'model',
  measure(evidence, model) {
    const all = evidence.releases.filter(
      (release) => release.model === model && within(evidence.window, release.promoted),
    );
    return share(
      all.map((release) => ({ hit: release.restores, proof: [release.promoted] })),
      { noun: 'deployment', note: 'Unplanned: an earlier version was put back.' },
    );
  },
};

export const humanSteps: Figure = {
  id: 'human-steps',
  title: "People's steps for one model deployment",
  unit: 'steps',
  per: 'model',
  measure(evidence, model) {
    const cases = promotions(evidence).flatMap((release): Case[] => {
      if (release.model !== model) return [];
      const story = versionOf(evidence, release);
      const steps = [
        story?.run?.started,
        release.started,
        ...release.advanced,
        release.promoted,
      ].filter((event) => event !== undefined);
      const byHand = steps.filter(byPerson);
      return [{ value: byHand.length, proof: [...byHand, release.promoted] }];
    });
    return distribution(cases, { noun: 'deployed version' });
  },
};
