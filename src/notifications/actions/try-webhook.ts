import { randomUUID } from 'node:crypto';
import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import { exampleOf, webhookBody } from '../model-webhook.ts';
import { postToWebhook } from './deliver-notification.ts';

/**
 * Sends an example to a webhook and tells how it was answered; the receiver's words stay there. Throws
 * RESOURCE_DOES_NOT_EXIST.
 */
export async function tryWebhook(
  ctx: Pick<Context, 'db' | 'paths'>,
  order: { webhookId: string; event: string | undefined },
): Promise<{ success: boolean; status: number | null; error: string | null }> {
  const webhook = await ctx.db
    .selectFrom('model_webhooks')
    .select(['url', 'secret', 'events'])
    .where('webhook_id', '=', order.webhookId)
    .executeTakeFirst();
  if (!webhook) {
    throw new AppError('RESOURCE_DOES_NOT_EXIST', `Webhook with ID ${order.webhookId} not found.`);
  }
  const [first = ''] = JSON.parse(webhook.events) as string[];
  const atMs = Date.now();
  const body = webhookBody(exampleOf(order.event ?? first), atMs);
  const answer = await postToWebhook(ctx, webhook, { id: randomUUID(), body, atMs });
  const success = answer.status !== null && answer.status < 400;
  return { success, status: answer.status, error: success ? null : answer.error };
}
