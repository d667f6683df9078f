import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { createWebhook, deleteWebhook, updateWebhook } from '../registry/actions/change-webhook.ts';
import { createModel } from '../registry/actions/create-model.ts';
import { createVersion } from '../registry/actions/create-version.ts';
import { pointAlias } from '../registry/actions/point-alias.ts';
import { tagVersion } from '../registry/actions/tag-version.ts';
import { tryWebhook } from './actions/try-webhook.ts';
import { listNotifications } from './notification-store.ts';
import { createNotificationsWork } from './work.ts';

type Received = { headers: IncomingHttpHeaders; body: string };

async function receiver(status: () => number): Promise<{
  url: string;
  received: Received[];
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status()).end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function settle(ctx: TestContext, done: () => Promise<boolean> | boolean): Promise<void> {
  const work = createNotificationsWork({ env: {}, timeoutMs: 1000 });
  const deadline = performance.now() + 10_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error('not delivered');
    await work.run(ctx);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const order = (url: string, events: string[], secret?: string) => ({
  name: 'hook',
  url,
  events: events.map((event) => {
    const [entity = '', action = ''] = event.split('.');
    return { entity: entity.toUpperCase(), action: action.toUpperCase() };
  }),
  description: undefined,
  secret,
  status: undefined,
});

test('changes reach a webhook signed as MLflow signs, once each, again after a failure', async () => {
  await using ctx = await testContext();
  let answers = 500;
  await using hook = await receiver(() => answers);
  await createModel(ctx, { name: 'before', tags: [], description: undefined });
  const events = ['registered_model.created', 'model_version.created', 'model_version_tag.set'];
  const webhook = await createWebhook(ctx, order(hook.url, events, 'key'));
  await createModel(ctx, {
    name: 'late',
    tags: [{ key: 'team', value: 'a' }],
    description: 'd',
  });
  await createVersion(ctx, { name: 'late', source: 's3://x/y', tags: [] });
  await tagVersion(ctx, { name: 'late', version: '1', key: 'k', value: 'v' });
  await pointAlias(ctx, { name: 'late', alias: 'best', version: '1' });
  await settle(ctx, () => hook.received.length >= 3);
  answers = 200;
  await settle(ctx, async () =>
    (await listNotifications(ctx.db, { limit: 9 })).every((row) => row.state === 'delivered'),
  );
  const bodies = hook.received.slice(-3).map(({ body }) => JSON.parse(body) as object);
  expect(bodies).toHaveLength(3);
  expect(bodies).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        entity: 'registered_model',
        action: 'created',
        data: { name: 'late', tags: { team: 'a' }, description: 'd' },
      }),
      expect.objectContaining({
        entity: 'model_version',
        action: 'created',
        data: {
          name: 'late',
          version: '1',
          source: 's3://x/y',
          run_id: null,
          tags: {},
          description: null,
        },
      }),
      expect.objectContaining({
        entity: 'model_version_tag',
        action: 'set',
        data: { name: 'late', version: '1', key: 'k', value: 'v' },
      }),
    ]),
  );
  for (const { headers, body } of hook.received) {
    const id = String(headers['x-mlflow-delivery-id']);
    const seconds = String(headers['x-mlflow-timestamp']);
    const mac = createHmac('sha256', 'key').update(`${id}.${seconds}.${body}`).digest('base64');
    expect(headers['x-mlflow-signature']).toBe(`v1,${mac}`);
  }
  const row = await ctx.db.selectFrom('model_webhooks').select('secret').executeTakeFirstOrThrow();
  expect(row.secret).not.toContain('key');
  const many = hook.received.length;
  await deleteWebhook(ctx, webhook.webhook_id);
  await createModel(ctx, { name: 'after', tags: [], description: undefined });
  const work = createNotificationsWork({ env: {} });
  while (await work.run(ctx));
  expect(hook.received).toHaveLength(many);
});

test('what waits for a webhook that is gone is given up', async () => {
  await using ctx = await testContext();
  const url = 'http://127.0.0.1:9/';
  const webhook = await createWebhook(ctx, order(url, ['registered_model.created']));
  await createModel(ctx, { name: 'late', tags: [], description: undefined });
  const attempts = async (): Promise<{ state: string; attempts: number } | undefined> =>
    (await listNotifications(ctx.db, { limit: 1 }))[0];
  await settle(ctx, async () => ((await attempts())?.attempts ?? 0) > 0);
  await deleteWebhook(ctx, webhook.webhook_id);
  await settle(ctx, async () => (await attempts())?.state !== 'pending');
  expect((await attempts())?.state).toBe('given-up');
});

test('a webhook is tried by hand, and its answer is told without its words', async () => {
  await using ctx = await testContext();
  await using hook = await receiver(() => 204);
  const { webhook_id: webhookId } = await createWebhook(
    ctx,
    order(hook.url, ['model_version_alias.created']),
  );
  expect(await tryWebhook(ctx, { webhookId, event: undefined })).toEqual({
    success: true,
    status: 204,
    error: null,
  });
  expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({
    entity: 'model_version_alias',
    action: 'created',
  });
  const none = { name: undefined, url: undefined, events: undefined, status: undefined };
  const changed = await updateWebhook(ctx, webhookId, {
    ...none,
    description: 'described',
    secret: undefined,
  });
  expect(changed).toMatchObject({ name: 'hook', description: 'described', status: 'ACTIVE' });
  await expect(createWebhook(ctx, order('ftp://x', ['registered_model.created']))).rejects.toThrow(
    'scheme',
  );
  await expect(createWebhook(ctx, order(hook.url, ['run.created']))).rejects.toThrow(
    "Invalid webhook event 'run.created'",
  );
  await expect(createWebhook(ctx, order(hook.url, []))).rejects.toThrow('non-empty list');
});
