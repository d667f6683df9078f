import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { dying } from '../../../test/harness/dying-triggers.ts';
import { pipelineOf } from '../../../test/harness/pipeline-of.ts';
import {
  testContext,
  TEST_START_MS,
  type TestContext,
} from '../../../test/harness/test-context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { eventsAfter } from '../../events/event-store.ts';
import { messageSignature, MOST_WAITING } from '../message.ts';
import type { TriggerDoors } from '../trigger-kind.ts';
import { listFirings } from '../trigger-store.ts';
import { triggerDoors, triggersWork } from '../work.ts';
import { readTriggers } from './read-triggers.ts';
import { authenticateMessage, receiveMessage } from './receive-message.ts';
import { switchTrigger } from './switch-trigger.ts';

const SECRET = 'a secret of this trigger';
const env = { TRAIN_SECRET: SECRET, SHORT: 'short' };
const TRIGGER = 'train/message';

function withMessages(config: Record<string, unknown> = {}) {
  const entry = { kind: 'message', secret_env: 'TRAIN_SECRET', signed: false, cool_down: 0 };
  const pipeline = pipelineOf({ fit: { run: 'true' } });
  return {
    pipelines: {
      train: {
        ...pipeline,
        parameters: { rounds: 10, region: 'EU', quick: false },
        triggers: [{ ...entry, ...config }],
      },
    },
  };
}

async function send(
  ctx: TestContext,
  key: string,
  parameters: Record<string, string | number | boolean> = {},
  doors: TriggerDoors = triggerDoors(ctx),
) {
  return receiveMessage(ctx, doors, { trigger: TRIGGER, key, body: { parameters } });
}

async function settle(ctx: TestContext): Promise<void> {
  for (let round = 0; round < 20; round += 1) if (!(await triggersWork.run(ctx))) return;
  throw new Error('the triggers never come to rest');
}

async function runsOf(ctx: TestContext) {
  const rows = await ctx.db
    .selectFrom('pipeline_runs')
    .select(['run_id', 'cause', 'parameters'])
    .orderBy('run_id')
    .execute();
  return rows.map((row) => ({
    runId: row.run_id,
    cause: JSON.parse(row.cause) as Record<string, unknown>,
    parameters: JSON.parse(row.parameters) as Record<string, unknown>,
  }));
}

async function endRuns(ctx: TestContext): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await tx.updateTable('pipeline_runs').set({ state: 'succeeded' }).execute();
    await appendEvent(ctx, tx, {
      type: 'run.finished',
      subject: { kind: 'pipeline', id: 'train' },
      data: {},
    });
  });
}

describe('messages', () => {
  test('start a run with their parameters; the cause names the key', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    await settle(ctx);
    const firing = await send(ctx, 'nightly-17', { rounds: 500, quick: true });
    expect(firing).toMatchObject({ state: 'fired', occasion: 'message:nightly-17' });
    const [run, ...others] = await runsOf(ctx);
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      runId: firing.runId,
      cause: { kind: 'message', key: 'nightly-17', trigger: TRIGGER },
      parameters: { rounds: 500, region: 'EU', quick: true },
    });
    const [summary] = await readTriggers(ctx);
    expect(summary?.sentence).toBe(
      'Starts when a message with the secret of TRAIN_SECRET comes in.',
    );
    expect(summary?.last).not.toHaveProperty('message');
    const types = ['trigger.message-received', 'trigger.fired'];
    const told = await eventsAfter(ctx.db, { position: 0, types, limit: 9 });
    expect(told.map((event) => event.type)).toEqual(types);
  });

  test('the same key and body give the same answer; another body is refused', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    const first = await send(ctx, 'a', { rounds: 1, region: 'US' });
    expect(await send(ctx, 'a', { region: 'US', rounds: 1 })).toEqual(first);
    await expect(send(ctx, 'a', { rounds: 2, region: 'US' })).rejects.toMatchObject({
      code: 'MESSAGE_KEY_REUSED',
    });
    await endRuns(ctx);
    ctx.define(withMessages({ cool_down: 1000 }));
    expect(await send(ctx, 'a', { rounds: 1, region: 'US' })).toEqual(first);
    expect(await runsOf(ctx)).toHaveLength(1);
  });

  test('set declared parameters of the declared type and nothing else', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    const refused = async (parameters: Record<string, string | number | boolean>) =>
      send(ctx, 'k', parameters).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      );
    expect(await refused({ round: 5 })).toBe('PARAMETER_UNKNOWN');
    expect(await refused({ constructor: 5 })).toBe('PARAMETER_UNKNOWN');
    expect(await refused({ rounds: '5' })).toBe('PARAMETER_INVALID');
    expect(await refused({ region: 5 })).toBe('PARAMETER_INVALID');
    expect(await refused({ quick: 'true' })).toBe('PARAMETER_INVALID');
    // A refused message has not used its key up.
    expect(await refused({ rounds: 5 })).toBe('taken');
    expect(await listFirings(ctx.db, { limit: 9 })).toHaveLength(1);
  });

  test('wait for a running pipeline, all of them and in order', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    await settle(ctx);
    expect((await send(ctx, 'm1')).state).toBe('fired');
    expect((await send(ctx, 'm2', { rounds: 2 })).state).toBe('waiting');
    expect((await send(ctx, 'm3', { rounds: 3 })).state).toBe('waiting');
    // The order holds in the instant between two runs too.
    await endRuns(ctx);
    const fourth = await send(ctx, 'm4', { rounds: 4 });
    expect(fourth).toMatchObject({ state: 'waiting', runId: null });
    for (let round = 0; round < 3; round += 1) {
      await settle(ctx);
      expect(await runsOf(ctx)).toHaveLength(round + 2);
      await endRuns(ctx);
    }
    expect((await runsOf(ctx)).map((run) => run.parameters.rounds)).toEqual([10, 2, 3, 4]);
    expect((await send(ctx, 'm4', { rounds: 4 })).state).toBe('fired');
  });

  test('a full queue takes no more, and what it holds keeps its keys', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    for (let index = 0; index <= MOST_WAITING; index += 1) await send(ctx, `m${index}`);
    await expect(send(ctx, 'late')).rejects.toMatchObject({ code: 'MESSAGE_QUEUE_FULL' });
    expect((await send(ctx, 'm7')).state).toBe('waiting');
  });

  test('within the cool-down wait for its end; to a trigger that is off are skipped, for good', async () => {
    await using ctx = await testContext({ definition: withMessages({ cool_down: 3_600_000 }) });
    await settle(ctx);
    await send(ctx, 'm1');
    await endRuns(ctx);
    expect((await send(ctx, 'm2')).state).toBe('waiting');
    await settle(ctx);
    const nowMs = TEST_START_MS + 3_600_000;
    ctx.calendar.advance({ nowMs, untilMs: nowMs });
    await settle(ctx);
    expect(await runsOf(ctx)).toHaveLength(2);
    await endRuns(ctx);
    await switchTrigger(ctx, { trigger: TRIGGER, enabled: false, actor: 'human' });
    const skipped = await send(ctx, 'm3');
    expect(skipped).toMatchObject({ state: 'skipped', runId: null });
    await switchTrigger(ctx, { trigger: TRIGGER, enabled: true, actor: 'human' });
    expect(await send(ctx, 'm3')).toEqual(skipped);
  });
});

describe('the sender of a message', () => {
  const nowMs = Date.UTC(2026, 5, 1);
  const body = Buffer.from('{"parameters":{"rounds":7}}');
  type Given = Partial<Parameters<typeof authenticateMessage>[1]>;

  async function ask(ctx: TestContext, given: Given): Promise<string> {
    const message = {
      trigger: TRIGGER,
      key: 'k1',
      body,
      authorization: undefined,
      signature: undefined,
      ...given,
    };
    return authenticateMessage(ctx, message, { env, nowMs }).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
  }

  test('sends the secret of this trigger', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    expect(await ask(ctx, { authorization: `Bearer ${SECRET.replaceAll(' ', '')}` })).toBe(
      'MESSAGE_REFUSED',
    );
    expect(await ask(ctx, {})).toBe('MESSAGE_REFUSED');
    expect(await ask(ctx, { authorization: SECRET })).toBe('MESSAGE_REFUSED');
    expect(await ask(ctx, { authorization: `Bearer ${SECRET}` })).toBe('taken');
    expect(await ask(ctx, { authorization: `bearer ${SECRET}` })).toBe('taken');
    // A signature is no substitute where the secret itself is asked for.
    const signature = messageSignature({ key: 'k1', body, seconds: nowMs / 1000 }, SECRET);
    expect(await ask(ctx, { signature })).toBe('MESSAGE_REFUSED');
    // An unknown name answers as a wrong secret does.
    const other = { trigger: 'train/manual', authorization: `Bearer ${SECRET}` };
    expect(await ask(ctx, other)).toBe('MESSAGE_REFUSED');
  });

  test('signs time, key and body where the trigger wants it', async () => {
    await using ctx = await testContext({ definition: withMessages({ signed: true }) });
    const seconds = nowMs / 1000;
    const mac = createHmac('sha256', SECRET).update(`${seconds}.k1.`).update(body).digest('hex');
    const signature = `t=${seconds},v1=${mac}`;
    expect(signature).toBe(messageSignature({ key: 'k1', body, seconds }, SECRET));
    expect(await ask(ctx, { signature })).toBe('taken');
    expect(await ask(ctx, { authorization: `Bearer ${SECRET}` })).toBe('MESSAGE_REFUSED');
    const wrong: Given[] = [
      { signature, key: 'k2' },
      { signature, body: Buffer.from('{"parameters":{"rounds":8}}') },
      { signature: signature.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      { signature: signature.replace(`t=${seconds}`, `t=${seconds + 1}`) },
      { signature: messageSignature({ key: 'k1', body, seconds: seconds - 301 }, SECRET) },
      { signature: messageSignature({ key: 'k1', body, seconds: seconds + 301 }, SECRET) },
      { signature: messageSignature({ key: 'k1', body, seconds }, 'a secret of another trigger') },
      { signature: '' },
    ];
    for (const given of wrong) expect(await ask(ctx, given)).toBe('MESSAGE_REFUSED');
  });

  test.each([
    ['not set', 'NOWHERE'],
    ['short', 'SHORT'],
  ])('is refused while the secret is %s; the answer names no variable', async (_what, name) => {
    await using ctx = await testContext({ definition: withMessages({ secret_env: name }) });
    const given = { trigger: TRIGGER, key: 'k', body, authorization: 'Bearer ', signature: '' };
    const refused = authenticateMessage(ctx, given, { env, nowMs });
    await expect(refused).rejects.toMatchObject({
      code: 'TRIGGER_SECRET_MISSING',
      message: expect.not.stringContaining(name) as string,
    });
  });
});

describe('crashes and repetitions', () => {
  test.each(Array.from({ length: 24 }, (_, index) => index + 1))(
    'a kill at point %i, the message sent again: one run',
    async (fatal) => {
      await using ctx = await testContext({ definition: withMessages() });
      await settle(ctx);
      const doomed = dying(ctx, fatal);
      const parameters = { rounds: 3 };
      const error: unknown = await receiveMessage(doomed.ctx, doomed.doors, {
        trigger: TRIGGER,
        key: 'k',
        body: { parameters },
      }).then(
        () => 'ended well',
        (reason: unknown) => String(reason),
      );
      expect(['ended well', 'Error: killed']).toContain(error);
      // Either the loop or the sender comes first after the restart.
      if (fatal % 2 === 0) await settle(ctx);
      const answer = await send(ctx, 'k', parameters);
      await settle(ctx);
      expect(answer.state).toBe('fired');
      expect(await send(ctx, 'k', parameters)).toEqual(answer);
      expect((await runsOf(ctx)).map((run) => run.runId)).toEqual([answer.runId]);
      const types = ['trigger.message-received', 'trigger.fired', 'run.started'];
      expect(await eventsAfter(ctx.db, { position: 0, types, limit: 9 })).toHaveLength(3);
    },
  );

  test('the same message many times at once, the loop going round meanwhile: one run', async () => {
    await using ctx = await testContext({ definition: withMessages() });
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => send(ctx, 'k', { rounds: 3 }))),
      settle(ctx),
    ]);
    expect(await runsOf(ctx)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.runId)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.firingId)).size).toBe(1);
  });
});
