import { Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import type { ProjectDefinition } from '../../src/config/project-file/project-definition.ts';
import { createServer } from '../../src/http/server.ts';
import { foundGateway } from '../../src/serving/found-gateway.ts';
import { createServerMetrics } from '../../src/system/server-metrics.ts';
import { serverFigures } from '../../src/views/server-figures.ts';
import { syncTriggers } from '../../src/triggers/actions/sync-triggers.ts';
import { seedScreens } from './seed-screens.ts';
import { testContext, type TestContext } from './test-context.ts';

const flightsProject = {
  datasets: {
    flights: {
      source: { kind: 'files', path: 'data/flights/*.parquet' },
      time: { event: 'date', available: 'arrived_at' },
    },
  },
  pipelines: {
    train: {
      parameters: {},
      steps: { extract: { in: ['flights'] } },
      triggers: [
        { kind: 'schedule', cron: '0 4 * * 1', timezone: 'UTC', cool_down: 0 },
        { kind: 'new-data', dataset: 'flights', min_rows: 150_000, cool_down: 0 },
        { kind: 'alarm', monitor: 'late-arrival/quality', cool_down: 6048e5 },
      ],
    },
  },
  endpoints: {
    'late-arrival': {
      model: 'late-arrival',
      assign_by: 'request',
      rollout: {
        stages: ['shadow', 0.05, 0.25, 0.5, 1],
        quality: { metric: 'log_loss', margin: 0.005 },
      },
      monitors: [],
    },
  },
} as unknown as Partial<ProjectDefinition>;

/** A server of real tables and routes, without background work: with half a year of seeded history, or empty. */
export async function startScreens(
  options: { empty?: boolean } = {},
): Promise<{ url: string; ctx: TestContext; [Symbol.asyncDispose](): Promise<void> }> {
  const ctx = await testContext(
    options.empty === true ? {} : { definition: flightsProject, startMs: Date.UTC(2001, 0, 1) },
  );
  if (options.empty !== true) {
    await seedScreens(ctx);
    await syncTriggers(ctx);
    await ctx.db
      .updateTable('triggers')
      .set({ last_fired_ms: Date.UTC(2001, 5, 25, 4) })
      .where('kind', '=', 'schedule')
      .execute();
  }
  const nothing = (): Promise<void> => Promise.resolve();
  const server = await createServer(
    {
      ...ctx,
      operations: {
        token: undefined,
        version: '0.1.0',
        metrics: createServerMetrics({
          version: '0.1.0',
          dataFolder: ctx.paths.root,
          figures: () => serverFigures(ctx.db),
        }),
        examine: () =>
          Promise.resolve({
            findings: [
              { part: 'database', state: 'ok', detail: 'answers' },
              {
                part: 'gateway',
                state: options.empty === true ? 'warning' : 'ok',
                detail: 'ready',
              },
            ],
            components: [],
          }),
        backup: () => Readable.from([]),
        settle: nothing,
        publishRoutes: nothing,
        rollBackPipeline: () => Promise.reject(new Error('nothing is deployed')),
        advanceCalendar: nothing,
        gateway: foundGateway(ctx.paths.gateway),
      },
    },
    { host: '127.0.0.1', token: undefined, version: '0.1.0' },
  );
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ctx,
    async [Symbol.asyncDispose]() {
      await server.close();
      await ctx[Symbol.asyncDispose]();
    },
  };
}
