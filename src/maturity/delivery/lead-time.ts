import type { Event } from '../../events/event.ts';
import { asObject, numberOf, objectOf, textOf } from '../event-data.ts';
import {
  promotions,
  versionOf,
  within,
  type Evidence,
  type PipelineChange,
  type VersionStory,
} from '../evidence.ts';
import { span } from '../words.ts';
import { distribution, HOUR_MS, quantile, type Case, type Figure } from './figure.ts';

export const leadTimeOfCode: Figure = {
  id: 'lead-time-code',
  title: 'Lead time of code: from a commit to a model in production that contains it',
  unit: 'hours',
  per: 'model',
  measure(evidence, model) {
    const ways = evidence.changes.flatMap((change) => wayOfCode(evidence, { change, model }) ?? []);
    return distribution(ways, { noun: 'commit in production', note: partsOf(ways) });
  },
};

type Way = Case & { parts: Record<string, number> };

/** The first version in production trained after a pipeline change, by this pipeline or a later one. */
function wayOfCode(
  evidence: Evidence,
  found: { change: PipelineChange; model: string },
): Way | undefined {
  const { commit, ci, deployed } = found.change;
  if (!commit) return undefined;
  const first = evidence.versions
    .filter(
      (story) =>
        story.model === found.model &&
        story.run?.started !== undefined &&
        (story.run.commit !== null || story.run.bundle !== null) &&
        story.run.started.position > deployed.position,
    )
    .flatMap((story) => {
      const release = story.releases.find((one) => one.promoted);
      return release?.promoted ? [{ story, release, promoted: release.promoted }] : [];
    })
    .toSorted((a, b) => a.promoted.position - b.promoted.position)[0];
  if (!first || !within(evidence.window, first.promoted)) return undefined;
  return {
    value: (first.promoted.atMs - commit.atMs) / HOUR_MS,
    proof: [commit, ci, deployed, first.story.run?.started, first.promoted],
    parts: {
      tests: between(commit, ci),
      queue: between(deployed, first.story.run?.started),
      ...partsOfVersion(first.story),
    },
  };
}

export const leadTimeOfData: Figure = {
  id: 'lead-time-data',
  title: 'Lead time of data: from a dataset version to a model in production trained on it',
  unit: 'hours',
  per: 'model',
  measure(evidence, model) {
    const created = new Map(
      (evidence.events.get('dataset.version-created') ?? []).map((event) => [
        `${textOf(event, 'dataset')}@${numberOf(event, 'number')}`,
        event,
      ]),
    );
    const ways = promotions(evidence).flatMap((release): Way[] => {
      const story = versionOf(evidence, release);
      if (release.model !== model || !story?.run || !release.promoted) return [];
      const versions = story.run.datasets.flatMap(
        ({ dataset, number }) => created.get(`${dataset}@${number}`) ?? [],
      );
      const newest = versions.toSorted((a, b) => b.position - a.position)[0];
      if (!newest) return [];
      return [
        {
          value: (release.promoted.atMs - newest.atMs) / HOUR_MS,
          proof: [newest, story.run.ended, release.promoted],
          parts: { queue: between(newest, story.run.started), ...partsOfVersion(story) },
        },
      ];
    });
    return distribution(ways, { noun: 'deployed version', note: partsOf(ways) });
  },
};

/** Calendar time of training, gates and rollout of a version, ms; parts that are not known are NaN. */
function partsOfVersion(story: VersionStory): Record<string, number> {
  const release = story.releases.find((one) => one.promoted);
  return {
    training: between(story.run?.started, story.run?.ended),
    gates: between(story.run?.ended, release?.started),
    rollout: between(release?.started, release?.promoted),
  };
}

function between(from: Event | undefined, to: Event | undefined): number {
  return from && to ? to.atMs - from.atMs : NaN;
}

/** `Medians: queue 2 hours, training 3 minutes, ...` */
function partsOf(ways: readonly Way[]): string {
  const names = [...new Set(ways.flatMap((way) => Object.keys(way.parts)))];
  const said = names.flatMap((name) => {
    const known = ways
      .map((way) => way.parts[name] ?? NaN)
      .filter((value) => Number.isFinite(value))
      .toSorted((a, b) => a - b);
    return known.length === 0 ? [] : [`${name} ${span(Math.max(0, quantile(known, 0.5)))}`];
  });
  return said.length === 0 ? '' : `Medians: ${said.join(', ')}.`;
}

export const retrainLatency: Figure = {
  id: 'retrain-latency',
  title: 'From the first bad window of drift to the new model at 100 %',
  unit: 'hours',
  per: 'model',
  measure(evidence, model) {
    const alarms = new Map(
      (evidence.events.get('alarm.opened') ?? []).map((event) => [event.eventId, event]),
    );
    const cases = promotions(evidence).flatMap((release): Case[] => {
      const run = versionOf(evidence, release)?.run;
      const alarm = alarms.get(run?.causeEventId ?? '');
      const { fromMs } = asObject(objectOf(alarm, 'firstBadWindow'));
      if (release.model !== model || !alarm || typeof fromMs !== 'number' || !release.promoted)
        return [];
      return [
        {
          value: (release.promoted.atMs - fromMs) / HOUR_MS,
          proof: [alarm, run?.started, release.promoted],
        },
      ];
    });
    return distribution(cases, { noun: 'alarm-led version' });
  },
};
