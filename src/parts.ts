import { AppError } from './base/app-error.ts';
import { watchCommits, type CommitsPart } from './ci/work.ts';
import { checksWork } from './checks/work.ts';
import { datasetsWork } from './datasets/work.ts';
import { deliveryWorks } from './delivery/work.ts';
import { featuresWork } from './features/work.ts';
import { monitorsWork } from './monitoring/work.ts';
import { notificationsWork } from './notifications/work.ts';
import { rollBackPipeline, type PipelineRollback } from './projects/actions/roll-back-pipeline.ts';
import { openEngine } from './runs/engine.ts';
import { closeRuns, runsActive, runsIdle, runsWork } from './runs/work.ts';
import { foundGateway } from './serving/found-gateway.ts';
import type { GatewayClient } from './serving/gateway-client.ts';
import { publishRoutes } from './serving/actions/publish-routes.ts';
import { scoringJobs } from './serving/scoring-jobs.ts';
import { servingWorks } from './serving/work.ts';
import { triggersWork } from './triggers/work.ts';
import type { OpenProject } from './config/project-file/open-project.ts';
import type { Context } from './context.ts';
import type { Stage } from './control-loop.ts';
import type { Work } from './work.ts';

export type Parts = {
  gateway: GatewayClient;
  /** The parts of the control loop in the order of the loop itself. */
  stages: readonly Stage[];
  /** Unfinished runs go on; steps reach the server at `address`. */
  start(address: string, stepsNeedToken: boolean): Promise<void>;
  /** Is a run unfinished, or a commit being tested? */
  runsActive(): Promise<boolean>;
  runsIdle(): Promise<void>;
  publishRoutes(): Promise<void>;
  rollBackPipeline(order: { actor: string; reason: string }): Promise<PipelineRollback>;
  close(): Promise<void>;
};

/** Brings the domains together: what runs in the loop, and in which order. */
export function createParts(ctx: Context, project: OpenProject): Parts {
  const commits = watchCommits(project);
  const gateway = foundGateway(ctx.paths.gateway);
  const serving = servingWorks(gateway);
  return {
    gateway,
    stages: [
      // What was answered says nothing about the files that landed: both are taken in at once.
      [
        [datasetsWork, checksWork, featuresWork, serving.publish, serving.push],
        [serving.collect, serving.labels],
      ],
      [
        [
          monitorsWork,
          ...deliveryWorks(gateway),
          commits.work,
          heldBack(triggersWork, commits),
          runsWork,
          notificationsWork,
        ],
      ],
    ],
    async start(address, stepsNeedToken) {
      await openEngine(ctx, { serverUrl: address, stepsNeedToken });
    },
    runsActive: async () => commits.active() || (await runsActive(ctx)),
    async runsIdle() {
      await Promise.all([runsIdle(ctx), commits.idle()]);
    },
    async publishRoutes() {
      await publishRoutes(ctx, gateway);
    },
    async rollBackPipeline(order) {
      // A run's built-in steps read suites and views of the commit in force.
      if (await runsActive(ctx)) {
        throw new AppError('PIPELINE_BUSY', 'A run is at work with the deployed commit.');
      }
      return rollBackPipeline(ctx, project, order);
    },
    async close() {
      await commits.close();
      await scoringJobs(ctx).close();
      await closeRuns(ctx);
    },
  };
}

/** Nothing starts by itself while the first commit is being tested. */
function heldBack(work: Work, commits: CommitsPart): Work {
  return { name: work.name, run: async (ctx) => !commits.holdsTriggers() && work.run(ctx) };
}
