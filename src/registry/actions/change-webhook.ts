import { randomUUID } from 'node:crypto';
import { WEBHOOK_CURSOR } from '../../contract/model-webhooks.ts';
import type { Context } from '../../context.ts';
import { moveCursor } from '../../events/event-store.ts';
import { appendEvent } from '../../events/append-event.ts';
import { sealText } from '../../storage/sealed-text.ts';
import type { Transaction } from '../../storage/database/database.ts';
import { invalid } from '../registry-names.ts';
import { checkWebhook, webhookEvent } from '../webhook-events.ts';
import { listWebhookRows, requireWebhook, toWebhook, type Webhook } from '../webhook-store.ts';

type Ctx = Pick<Context, 'db' | 'clocks' | 'ids' | 'bus' | 'paths'>;
type GivenEvents = readonly { entity: string; action: string }[];

/** Subscribes an address to changes from now on; event `webhook.created`. Throws INVALID_PARAMETER_VALUE. */
export async function createWebhook(
  ctx: Ctx,
  input: {
    name: string;
    url: string;
    events: GivenEvents;
    description: string | undefined;
    secret: string | undefined;
    status: string | undefined;
  },
): Promise<Webhook> {
  const { name, url } = input;
  checkWebhook({ name, url });
  const atMs = ctx.clocks.calendar.nowMs();
  const row = {
    webhook_id: randomUUID(),
    name,
    url,
    description: input.description ?? null,
    secret: input.secret ? sealText(ctx.paths.root, input.secret) : null,
    status: statusOf(input.status),
    events: eventsOf(input.events),
    created_at_ms: atMs,
    updated_at_ms: atMs,
  };
  await ctx.db.transaction().execute(async (tx) => {
    if ((await listWebhookRows(tx, { limit: 1, offset: 0 })).length === 0) {
      const head = await tx
        .selectFrom('events')
        .select((eb) => eb.fn.max('position').as('position'))
        .executeTakeFirst();
      await moveCursor(tx, WEBHOOK_CURSOR, Number(head?.position ?? 0));
    }
    await tx.insertInto('model_webhooks').values(row).execute();
    await appendWebhookEvent(ctx, tx, 'webhook.created', row);
  });
  return toWebhook(row);
}

/** Changes what is given and leaves the rest; event `webhook.updated`. Throws RESOURCE_DOES_NOT_EXIST. */
export async function updateWebhook(
  ctx: Ctx,
  webhookId: string,
  change: {
    name: string | undefined;
    url: string | undefined;
    events: GivenEvents | undefined;
    description: string | undefined;
    secret: string | undefined;
    status: string | undefined;
  },
): Promise<Webhook> {
  const { name, url } = change;
  checkWebhook({ ...(name && { name }), ...(url && { url }) });
  const events = change.events?.length ? eventsOf(change.events) : undefined;
  return ctx.db.transaction().execute(async (tx) => {
    const row = await requireWebhook(tx, webhookId);
    const changed = {
      ...row,
      name: name || row.name,
      url: url || row.url,
      events: events ?? row.events,
      description: change.description ?? row.description,
      secret: change.secret ? sealText(ctx.paths.root, change.secret) : row.secret,
      status: change.status === undefined ? row.status : statusOf(change.status),
      updated_at_ms: ctx.clocks.calendar.nowMs(),
    };
    await tx
      .updateTable('model_webhooks')
      .set(changed)
      .where('webhook_id', '=', webhookId)
      .execute();
    await appendWebhookEvent(ctx, tx, 'webhook.updated', changed);
    return toWebhook(changed);
  });
}

/** Ends a subscription; event `webhook.deleted`. Throws RESOURCE_DOES_NOT_EXIST. */
export async function deleteWebhook(ctx: Ctx, webhookId: string): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    const row = await requireWebhook(tx, webhookId);
    await tx.deleteFrom('model_webhooks').where('webhook_id', '=', webhookId).execute();
    await appendWebhookEvent(ctx, tx, 'webhook.deleted', row);
  });
}

/** Throws RESOURCE_DOES_NOT_EXIST. */
export async function findWebhook(ctx: Pick<Context, 'db'>, webhookId: string): Promise<Webhook> {
  return toWebhook(await requireWebhook(ctx.db, webhookId));
}

/** A page of webhooks, the newest first. */
export async function listWebhooks(
  ctx: Pick<Context, 'db'>,
  page: { limit: number; offset: number },
): Promise<{ items: Webhook[]; more: boolean }> {
  const rows = await listWebhookRows(ctx.db, { ...page, limit: page.limit + 1 });
  return { items: rows.slice(0, page.limit).map(toWebhook), more: rows.length > page.limit };
}

function eventsOf(events: GivenEvents): string {
  if (events.length === 0) {
    throw invalid('Webhook events must be a non-empty list of WebhookEvent objects: [].');
  }
  return JSON.stringify([...new Set(events.map(webhookEvent))]);
}

function statusOf(status: string | undefined): string {
  if (status === undefined || status === 'ACTIVE') return 'ACTIVE';
  if (status === 'DISABLED') return status;
  throw invalid(`Invalid webhook status '${status}'. It must be ACTIVE or DISABLED.`);
}

/** The address may be a secret: events name its host alone. */
async function appendWebhookEvent(
  ctx: Ctx,
  tx: Transaction,
  type: string,
  row: { webhook_id: string; name: string; url: string; events: string; status: string },
): Promise<void> {
  await appendEvent(ctx, tx, {
    type,
    subject: { kind: 'webhook', id: row.webhook_id },
    actor: 'mlflow client',
    data: {
      webhook: row.webhook_id,
      name: row.name,
      host: new URL(row.url).host,
      events: JSON.parse(row.events) as string[],
      status: row.status,
    },
  });
}
