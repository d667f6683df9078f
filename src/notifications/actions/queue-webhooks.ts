import { WEBHOOK_CURSOR } from '../../contract/model-webhooks.ts';
import type { Context } from '../../context.ts';
import { eventsAfter, moveCursor, readCursor } from '../../events/event-store.ts';
import { insertNotification } from '../notification-store.ts';
import { toldOf, webhookBody, WEBHOOK_EVENTS } from '../model-webhook.ts';

const BATCH = 200;

/**
 * Writes a notification for every change of the registry that a webhook of MLflow's clients wants, one per webhook and
 * event: rows and cursor move in one transaction. Gives whether there were any changes.
 */
export async function queueWebhooks(ctx: Pick<Context, 'db' | 'clocks' | 'ids'>): Promise<boolean> {
  const webhooks = await ctx.db
    .selectFrom('model_webhooks')
    .select(['webhook_id', 'url', 'events'])
    .where('status', '=', 'ACTIVE')
    .execute();
  if (webhooks.length === 0) return false;
  return ctx.db.transaction().execute(async (tx) => {
    const position = await readCursor(tx, WEBHOOK_CURSOR);
    const events = await eventsAfter(tx, { position, types: WEBHOOK_EVENTS, limit: BATCH });
    const last = events.at(-1);
    if (!last) return false;
    for (const event of events) {
      const told = toldOf(event);
      if (!told) continue;
      const topic = `${told.entity}.${told.action}`;
      for (const webhook of webhooks) {
        if (!(JSON.parse(webhook.events) as string[]).includes(topic)) continue;
        await insertNotification(tx, {
          notification_id: ctx.ids.next('notification'),
          channel: `mlflow:${webhook.webhook_id}`,
          event_id: event.eventId,
          topic,
          url: webhook.url,
          secret_env: null,
          webhook_id: webhook.webhook_id,
          body: webhookBody(told, event.recordedAtMs),
          state: 'pending',
          attempts: 0,
          created_ms: ctx.clocks.calendar.nowMs(),
          finished_ms: null,
        });
      }
    }
    await moveCursor(tx, WEBHOOK_CURSOR, last.position);
    return true;
  });
}
