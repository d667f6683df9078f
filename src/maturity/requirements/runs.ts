import { asObject, listOf, objectOf, textOf } from '../event-data.ts';
import {
  eventsWithin,
  promotions,
  trainedRuns,
  versionOf,
  within,
  type Evidence,
  type RunStory,
} from '../evidence.ts';
import { counted, named } from '../words.ts';
import { everyCase, missing, present, type Requirement } from './requirement.ts';

export const orchestratesSteps: Requirement = {
  id: 'G11',
  level: 1,
  title: 'Steps are orchestrated; one command goes from data to model',
  needs: 'A run of two or more steps ended well, its steps following each other without a person.',
  asks: 'automatic',
  judge(evidence) {
    const whole = trainedRuns(evidence).filter(
      (run) => run.ended?.type === 'run.succeeded' && run.steps.length >= 2,
    );
    if (whole.length === 0)
      return missing(
        'No run of two or more steps made a model in the window. Start one: rondo run.',
      );
    const most = Math.max(...whole.map((run) => run.steps.length));
    return {
      state: 'automatic',
      reason: `${counted(whole.length, 'run')} went from data to model, of up to ${counted(most, 'step')}, without a hand between them.`,
      n: whole.length,
      proof: present(whole.map((run) => run.ended)),
    };
  },
};

export const deploysPipeline: Requirement = {
  id: 'G16',
  level: 1,
  title: 'The pipeline is deployed, and production models come from it',
  needs:
    'Every version that reached 100 % was trained by a run of a bundle that had been deployed before.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(promotions(evidence), {
      noun: 'production model',
      name: (release) => `${release.model} ${release.version}`,
      has: 'came from a deployed pipeline version',
      lacks: 'did not come from a deployed pipeline version',
      remedy: 'Commit the pipeline, and let Rondo test and deploy it.',
      proof(release) {
        const run = versionOf(evidence, release)?.run;
        const deployed = deploymentOf(evidence, run);
        return run?.started && deployed && within(evidence.window, run.started)
          ? [run.started, deployed]
          : null;
      },
      none: 'No version reached 100 % in the window.',
    }),
};

/** The deployment in force when a run of its bundle began. */
function deploymentOf(evidence: Evidence, run: RunStory | undefined) {
  const startedAt = run?.started?.position ?? 0;
  return evidence.changes.findLast(
    (change) =>
      ((change.bundle !== null && change.bundle === run?.bundle) ||
        (change.sha !== null && change.sha === run?.commit)) &&
      change.deployed.position < startedAt,
  )?.deployed;
}

export const symmetricStages: Requirement = {
  id: 'G13',
  level: 1,
  title: 'The same pipeline version in testing and in production',
  needs: 'Every training run used a bundle of the same digest as the one whose tests had passed.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(trainedRuns(evidence), {
      noun: 'training run',
      name: (run) => run.runId,
      has: 'used the very bundle that was tested',
      lacks: 'used files that no test of a commit had seen as they are',
      proof(run) {
        const startedAt = run.started?.position ?? 0;
        const built = (evidence.events.get('bundle.built') ?? []).findLast(
          (event) =>
            run.bundle !== null &&
            textOf(event, 'digest') === run.bundle &&
            event.position < startedAt,
        );
        const tested = (evidence.events.get('ci.finished') ?? []).findLast(
          (event) =>
            textOf(event, 'sha') === textOf(built, 'sha') &&
            textOf(event, 'state') === 'passed' &&
            event.position < startedAt,
        );
        return built && tested ? [run.started, built, tested] : null;
      },
      none: 'No run made a model in the window.',
    }),
};

export const recordsMetadata: Requirement = {
  id: 'G26',
  level: 1,
  title: 'Every execution leaves its metadata',
  needs:
    'Every training run is known with its code, its steps with start and end, who or what started it, parameters, artifacts of each step, the model before it, and metrics with the rows they were measured on.',
  asks: 'automatic',
  judge(evidence) {
    const runs = trainedRuns(evidence);
    const lacking = new Map<string, readonly string[]>();
    for (const run of runs) {
      const gaps = metadataGaps(evidence, run);
      if (gaps.length > 0) lacking.set(run.runId, gaps);
    }
    const what = [...new Set([...lacking.values()].flat())];
    return everyCase(runs, {
      noun: 'training run',
      name: (run) => run.runId,
      has: 'left code, steps, cause, parameters, artifacts, model and metrics',
      lacks: `did not leave ${named(what)}`,
      proof: (run) =>
        lacking.has(run.runId) ? null : [run.started, run.pinned, ...run.steps, run.ended],
      none: 'No run made a model in the window.',
    });
  },
};

/** What of (a) to (g) of the source a run does not tell. */
function metadataGaps(evidence: Evidence, run: RunStory): string[] {
  const produced = objectOf(run.ended, 'produced');
  const story = evidence.byRun.get(run.runId);
  const planned = listOf(run.started, 'steps').length;
  const metrics = { ...objectOf(story?.registered, 'metrics'), ...asObject(produced.metrics) };
  const complete: [what: string, known: boolean][] = [
    ['the version of its code', textOf(run.pinned, 'projectTree') !== null || run.bundle !== null],
    ['the end of each step', planned > 0 && run.steps.length >= planned],
    ['its cause', run.causeKind !== null],
    ['its parameters', run.ended?.data.parameters !== undefined],
    [
      'the artifacts of its steps',
      run.steps.some((step) => Object.keys(objectOf(step, 'outputs')).length > 0),
    ],
    ['a registered version', story?.registered !== undefined || story?.adopted !== undefined],
    ['metrics', Object.keys(metrics).length > 0],
    [
      'its training and test rows',
      typeof produced.train === 'string' && typeof produced.test === 'string',
    ],
  ];
  return complete.filter(([, known]) => !known).map(([what]) => what);
}

export const firesEveryTrigger: Requirement = {
  id: 'G27',
  level: 1,
  title: 'Every kind of trigger that is set up has started a run',
  needs: 'For each kind of trigger that is switched on, a run of the window that it started.',
  asks: 'automatic',
  judge(evidence) {
    const kinds = [
      ...new Set(
        evidence.triggers.map((trigger) => trigger.kind).filter((kind) => kind !== 'manual'),
      ),
    ].sort();
    if (kinds.length === 0)
      return missing('No trigger is switched on. Add one under triggers: of a pipeline.');
    const fired = eventsWithin(evidence, 'trigger.fired');
    const silent = kinds.filter((kind) => !fired.some((event) => textOf(event, 'kind') === kind));
    if (silent.length > 0) {
      return missing(
        `${fired.length === 0 ? 'No run was started by a trigger' : `${counted(fired.length, 'firing')} of triggers`} in the window; none of kind ${named(silent)}.`,
        fired.length,
      );
    }
    return {
      state: 'automatic',
      reason: `${counted(fired.length, 'run')} in the window ${fired.length === 1 ? 'was' : 'were'} started by triggers, of ${counted(kinds.length, 'kind')}: ${kinds.join(', ')}.`,
      n: fired.length,
      proof: fired,
    };
  },
};
