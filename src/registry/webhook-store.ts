import { AppError } from '../base/app-error.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { ModelWebhookRow } from '../storage/database/tables/registry.ts';

/** A client's subscription. The secret stays inside. */
export type Webhook = Omit<ModelWebhookRow, 'secret' | 'events'> & { events: string[] };

export function toWebhook(row: ModelWebhookRow): Webhook {
  const { secret: _secret, events, ...rest } = row;
  return { ...rest, events: JSON.parse(events) as string[] };
}

/** Throws RESOURCE_DOES_NOT_EXIST. */
export async function requireWebhook(
  db: ReadDatabase,
  webhookId: string,
): Promise<ModelWebhookRow> {
  const row = await db
    .selectFrom('model_webhooks')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .executeTakeFirst();
  if (row) return row;
  throw new AppError('RESOURCE_DOES_NOT_EXIST', `Webhook with ID ${webhookId} not found.`);
}

/** Webhooks, the newest first. */
export async function listWebhookRows(
  db: ReadDatabase,
  page: { limit: number; offset: number },
): Promise<ModelWebhookRow[]> {
  return db
    .selectFrom('model_webhooks')
    .selectAll()
    .orderBy('created_at_ms', 'desc')
    .orderBy('webhook_id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
}
