import { byPerson, textOf } from '../event-data.ts';
import { eventsWithin, promotions, versionOf, within, type ReleaseStory } from '../evidence.ts';
import { shareAt } from '../gather-evidence.ts';
import { counted, named } from '../words.ts';
import { everyCase, missing, present, type Requirement } from './requirement.ts';

const name = (release: ReleaseStory): string => `${release.model} ${release.version}`;

export const knowsItsRun: Requirement = {
  id: 'G02',
  level: 1,
  title: 'No model is handed over as a file: each one in production has its run',
  needs: 'Every version that reached 100 % was registered by a run of a pipeline.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(promotions(evidence), {
      noun: 'production model',
      name,
      has: 'was registered by the run that trained it',
      lacks: 'have no run of a pipeline behind them',
      proof(release) {
        const story = versionOf(evidence, release);
        const known = story?.adopted ?? story?.registered;
        return story?.run?.ended && known ? [known, story.run.ended] : null;
      },
      none: 'No version reached 100 % in the window.',
    }),
};

export const watchesProduction: Requirement = {
  id: 'G07',
  level: 1,
  title: 'Predictions are logged and production is watched',
  needs: 'For every endpoint that serves, monitors judged windows of its logged predictions.',
  asks: 'automatic',
  judge(evidence) {
    if (evidence.champions.length === 0) return missing('No endpoint serves a model yet.');
    const windows = eventsWithin(evidence, 'monitor.evaluated');
    const blind = evidence.champions.filter(
      (champion) => !windows.some((event) => textOf(event, 'endpoint') === champion.endpoint),
    );
    const requests = evidence.counts.predictions.reduce((sum, one) => sum + one.requests, 0);
    const logged = `${counted(requests, 'prediction')} logged`;
    if (blind.length > 0) {
      return missing(
        `${logged}, but no monitor judged a window of ${named(blind.map((one) => one.endpoint))}. Add monitors: to the endpoint.`,
        windows.length,
      );
    }
    return {
      state: 'automatic',
      reason: `${logged} in the window; ${counted(windows.length, 'window')} of them judged by monitors.`,
      n: windows.length,
      proof: windows,
    };
  },
};

export const deploysModelByItself: Requirement = {
  id: 'G15',
  level: 1,
  title: 'A model that passes goes into production by itself',
  needs: 'Every version that reached 100 % was taken there by the system, no person.',
  asks: 'automatic',
  judge(evidence) {
    const all = promotions(evidence);
    if (all.length === 0) return missing('No version reached 100 % in the window.');
    const hand = all.filter((release) => release.promoted && byPerson(release.promoted));
    const proof = present(all.map((release) => release.promoted));
    if (hand.length > 0) {
      return {
        state: 'manual',
        reason: `A person took ${hand.length} of ${counted(all.length, 'version')} to 100 %: ${named(hand.map(name))}.`,
        n: all.length,
        proof,
      };
    }
    return {
      state: 'automatic',
      reason: `${counted(all.length, 'version')} reached 100 %${all.length === 1 ? '' : ', each'} by the system's own decision.`,
      n: all.length,
      proof,
    };
  },
};

/** The steps of a release in which a part of the traffic, and not all, got the new answers. */
export function canarySteps(release: ReleaseStory): ReleaseStory['advanced'] {
  return release.advanced.filter((event) => {
    const share = shareAt(event);
    return share !== null && share > 0 && share < 1;
  });
}

export const validatesOnline: Requirement = {
  id: 'G24',
  level: 1,
  title: 'A new model is tried on a part of the traffic first',
  needs: 'Every version that took the place of another went through a stage below 100 % beside it.',
  asks: 'automatic',
  judge: (evidence) =>
    everyCase(
      promotions(evidence).filter((release) => !release.first),
      {
        noun: 'replacement',
        name,
        has: 'went through stages below 100 % beside the version before',
        lacks: 'went to 100 % without a stage below it',
        remedy: 'Set stages: under rollout: of the endpoint.',
        proof(release) {
          const steps = canarySteps(release);
          return steps.length > 0 && within(evidence.window, release.promoted)
            ? [...steps, release.promoted]
            : null;
        },
        none: 'No version took the place of another in the window.',
      },
    ),
};
