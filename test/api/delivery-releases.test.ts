import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  lateProject,
  modelFolder,
  seeded,
  sigmoid,
  succeedRun,
  testRows,
  TRUE_WEIGHT,
} from '../harness/produce-model.ts';
import { openGateway, type TestGateway } from '../harness/start-gateway.ts';
import { testContext, type TestContext } from '../harness/test-context.ts';
import { lookUpGraph } from '../harness/tiny-onnx.ts';
import { eventsAfter } from '../../src/events/event-store.ts';
import { findAlias, findVersion } from '../../src/registry/registry-store.ts';
import { collectSpool } from '../../src/serving/actions/collect-spool.ts';
import { publishRoutes } from '../../src/serving/actions/publish-routes.ts';
import { recordLabels } from '../../src/serving/actions/record-labels.ts';
import { replayRelease } from '../../src/delivery/actions/replay-release.ts';
import { rollBackRelease } from '../../src/delivery/actions/roll-back-release.ts';
import { releaseOfVersion } from '../../src/delivery/delivery-store.ts';
import type { Release } from '../../src/delivery/release.ts';
import { deliveryWorks } from '../../src/delivery/work.ts';

const HOUR = 3_600_000;
const ROLLOUT = {
  stages: ['shadow', '25%', '50%', '100%'],
  guards: { error_rate: 1.25, latency_p95: 15, max_error_rate: 0.05 },
  quality: { metric: 'log_loss', margin: 0.05 },
  min_requests: 50,
};

/** A server's loop around one gateway: hours of traffic, labels an hour later, then what is due. */
class World {
  readonly ctx: TestContext;
  readonly gateway: TestGateway;
  readonly #random = seeded(7);
  #labels: { predictionId: string; value: number; revision: boolean }[] = [];
  #runs = 0;

  constructor(ctx: TestContext, gateway: TestGateway) {
    this.ctx = ctx;
    this.gateway = gateway;
  }

  async settle(): Promise<void> {
    await collectSpool(this.ctx);
    for (let busy = true; busy;) {
      busy = false;
      for (const work of deliveryWorks(this.gateway.client))
        busy = (await work.run(this.ctx)) || busy;
    }
  }

  async hour(requests: number, x = (): number => this.#random() * 4 - 2): Promise<number> {
    const { ctx, gateway } = this;
    const inputs = Array.from({ length: requests }, () => ({ x: x(), noise: this.#random() }));
    let failed = 0;
    // One row a request: rows of one request share their arm.
    for (const input of inputs) {
      const { status, json } = await gateway.post('/endpoints/late/predict', { inputs: [input] });
      const answer = (json as { predictions?: { id: string; score: number | null }[] })
        .predictions?.[0];
      if (status !== 200 || typeof answer?.score !== 'number') failed += 1;
      if (answer) {
        const late = this.#random() < sigmoid(TRUE_WEIGHT * input.x) ? 1 : 0;
        this.#labels.push({ predictionId: answer.id, value: late, revision: false });
      }
    }
    const due = this.#labels;
    this.#labels = [];
    const nowMs = ctx.calendar.nowMs() + HOUR;
    await gateway.client.setCalendar({ nowMs, untilMs: nowMs + HOUR });
    ctx.calendar.advance({ nowMs, untilMs: nowMs + HOUR });
    await recordLabels(ctx, { items: due, source: 'http' });
    await this.settle();
    return failed;
  }

  async train(model: Parameters<typeof modelFolder>[1]): Promise<string> {
    this.#runs += 1;
    await succeedRun(this.ctx, {
      runId: `run_${this.#runs}`,
      modelTree: await modelFolder(this.ctx, model),
      test: await testRows(this.ctx, { rows: 3000, seed: this.#runs }),
      metrics: { reported: 1 },
    });
    await this.settle();
    return String(this.#runs);
  }

  async release(version: string): Promise<Release> {
    const release = await releaseOfVersion(this.ctx.db, {
      model: 'late',
      version,
      endpoint: 'late',
    });
    if (!release) throw new Error(`no release of version ${version}`);
    return release;
  }

  state = async (version: string): Promise<string | undefined> =>
    (await findVersion(this.ctx.db, 'late', version))?.state;

  types = async (): Promise<string[]> =>
    (await eventsAfter(this.ctx.db, { position: 0, limit: 5000 })).map((event) => event.type);
}

async function withWorld(
  part: Parameters<typeof lateProject>[0],
  use: (world: World) => Promise<void>,
): Promise<void> {
  await using ctx = await testContext({ definition: lateProject(part) });
  await using gateway = await openGateway({ dir: join(ctx.paths.gateway, '..') });
  await publishRoutes(ctx, gateway.client);
  await use(new World(ctx, gateway));
}

test('the first version serves at once, a better one goes through the stages, and the history replays to the byte', async () => {
  await withWorld({ rollout: ROLLOUT }, async (world) => {
    await world.train({ weight: 0.5 });
    expect(await world.state('1')).toBe('champion');
    expect(await world.hour(150)).toBe(0);
    await world.train({ weight: 2 });
    expect(await world.state('2')).toBe('releasing');
    for (let hour = 0; hour < 12 && (await world.release('2')).state === 'running'; hour += 1)
      await world.hour(300);
    const release = await world.release('2');
    expect(release.state).toBe('promoted');
    expect(await findAlias(world.ctx.db, 'late', 'champion')).toBe('2');
    expect(await findAlias(world.ctx.db, 'late', 'challenger')).toBeUndefined();
    expect(await world.state('1')).toBe('retired');
    const replay = await replayRelease(world.ctx, release.releaseId);
    expect(replay).toMatchObject({
      identical: true,
      difference: null,
      decisions: release.decisions,
    });
    expect(replay.course).toEqual(['advance', 'advance', 'promote']);
    const types = await world.types();
    expect(types.filter((type) => type === 'model.alias-moved')).toHaveLength(4);
    // A stored decision that was changed is found.
    const observed = await world.ctx.db
      .selectFrom('events')
      .selectAll()
      .where('type', '=', 'release.observed')
      .execute();
    const changed = observed[1];
    if (changed) {
      await world.ctx.db
        .updateTable('events')
        .set({ data: changed.data.replace('"championErrors":0', '"championErrors":1') })
        .where('event_id', '=', changed.event_id)
        .execute();
    }
    expect(await replayRelease(world.ctx, release.releaseId)).toMatchObject({ identical: false });
    // The gateway answers with the new champion.
    const { json } = await world.gateway.post('/endpoints/late/predict', {
      inputs: [{ x: 0, noise: 0 }],
    });
    expect((json as { predictions: { version: string }[] }).predictions[0]?.version).toBe('2');
  });
});

test('a candidate that is no better is refused with its figures; the champion stays', async () => {
  await withWorld({ rollout: ROLLOUT }, async (world) => {
    await world.train({ weight: 2 });
    await world.train({ weight: 0.3 });
    const version = await findVersion(world.ctx.db, 'late', '2');
    expect(version?.state).toBe('refused');
    expect(version?.reason).toMatch(
      /^Refused: log-loss 0\.\d+ against champion's 0\.\d+ on 3,000 rows \(95 % interval of the difference 0\.\d+ to 0\.\d+\)\.$/,
    );
    expect(await world.state('1')).toBe('champion');
    expect(await world.types()).toContain('candidate.refused');
  });
});

test('a model that fails on some inputs is withdrawn below 100 %, and nobody gets no answer', async () => {
  await withWorld(
    {
      gates: [{ kind: 'metric', metric: 'reported', min: 0 }],
      rollout: { ...ROLLOUT, quality: undefined },
    },
    async (world) => {
      await world.train({ weight: 2 });
      // Fails where x > 9, which the test rows never show.
      await succeedRun(world.ctx, {
        runId: 'run_faulty',
        modelTree: await modelFolder(world.ctx, {
          graph: lookUpGraph(2, 0),
          example: { columns: ['x', 'noise'], data: [[1, 1]] },
        }),
        metrics: { reported: 1 },
      });
      await world.settle();
      // Gates of the first version want baseline and metric; the second is judged by service and metric alone.
      expect(await world.state('2')).toBe('releasing');
      const random = seeded(3);
      let failed = 0;
      for (let hour = 0; hour < 4 && (await world.release('2')).state === 'running'; hour += 1) {
        failed += await world.hour(200, () => (random() < 0.1 ? 12 : random()));
      }
      expect(failed).toBe(0);
      const release = await world.release('2');
      expect(release.state).toBe('rolled-back');
      expect(release.reason).toMatch(/error/i);
      expect(await findAlias(world.ctx.db, 'late', 'champion')).toBe('1');
      expect((await replayRelease(world.ctx, release.releaseId)).identical).toBe(true);
    },
  );
});

test('one release an endpoint: a newer candidate replaces one in shadow and waits for a canary', async () => {
  await withWorld({ rollout: { ...ROLLOUT, min_requests: 40 } }, async (world) => {
    await world.train({ weight: 0.2 });
    await world.train({ weight: 0.6 });
    await world.train({ weight: 0.8 });
    expect((await world.release('2')).state).toBe('withdrawn');
    expect(await world.state('2')).toBe('retired');
    expect((await world.release('3')).state).toBe('running');
    await world.hour(100);
    expect((await world.release('3')).share).toBeGreaterThan(0);
    await world.train({ weight: 1.2 });
    expect((await world.release('4')).state).toBe('waiting');
    await world.train({ weight: 2 });
    expect((await world.release('4')).state).toBe('withdrawn');
    expect((await world.release('5')).state).toBe('waiting');
    const running = await world.release('3');
    const started = performance.now();
    const done = await rollBackRelease(world.ctx, world.gateway.client, {
      target: { endpoint: 'late' },
      by: 'person',
      reason: 'a test',
      actor: 'human',
    });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(done).toMatchObject({
      gateway: 'applied',
      release: { releaseId: running.releaseId, state: 'rolled-back' },
    });
    await world.settle();
    expect((await world.release('5')).state).toBe('running');
    expect(await world.state('3')).toBe('rolled-back');
    const running5 = await world.ctx.db
      .selectFrom('releases')
      .select('version')
      .where('state', '=', 'running')
      .execute();
    expect(running5).toHaveLength(1);
    await expect(
      rollBackRelease(world.ctx, world.gateway.client, {
        target: { releaseId: running.releaseId },
        by: 'person',
        reason: 'again',
      }),
    ).rejects.toMatchObject({ code: 'RELEASE_NOT_RUNNING' });
  });
});

test('a release without proof expires when its budget is spent, and never promotes', async () => {
  await withWorld(
    {
      rollout: {
        ...ROLLOUT,
        quality: { metric: 'log_loss', margin: 0.0001 },
        budget: { requests: 600 },
      },
    },
    async (world) => {
      await world.train({ weight: 1.8 });
      // Shown better on the rows of the gate by a hair's breadth is not enough later: margin and budget are tiny.
      world.ctx.define(
        lateProject({
          gates: [{ kind: 'beats', margin: 0.5 }],
          rollout: {
            ...ROLLOUT,
            quality: { metric: 'log_loss', margin: 0.0001 },
            budget: { requests: 600 },
          },
        }),
      );
      await world.train({ weight: 1.79 });
      for (let hour = 0; hour < 6 && (await world.release('2')).state === 'running'; hour += 1)
        await world.hour(200);
      const release = await world.release('2');
      expect(release.state).toBe('expired');
      expect(release.reason).toMatch(/^Budget spent/);
      expect(await findAlias(world.ctx.db, 'late', 'champion')).toBe('1');
      expect((await replayRelease(world.ctx, release.releaseId)).course.at(-1)).toBe('expire');
    },
  );
});

test('a run that produced nothing servable is refused once, with the reason', async () => {
  await withWorld({}, async (world) => {
    await succeedRun(world.ctx, {
      runId: 'run_bad',
      modelTree: await modelFolder(world.ctx, { mlModel: 'flavors:\n  sklearn: {}\n' }),
    });
    await world.settle();
    await world.settle();
    const refused = await eventsAfter(world.ctx.db, {
      position: 0,
      types: ['candidate.refused'],
      limit: 10,
    });
    expect(refused).toHaveLength(1);
    expect(JSON.stringify(refused[0]?.data)).toContain('neither the flavour onnx');
  });
});
