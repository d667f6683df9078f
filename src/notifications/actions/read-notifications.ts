import type { Context } from '../../context.ts';
import { deliveriesOf, listNotifications, type NotificationState } from '../notification-store.ts';

/** A page of notifications with their delivery logs, newest first. The URL stays inside: it may be a secret. */
export async function readNotifications(
  ctx: Pick<Context, 'db'>,
  query: { state?: NotificationState | undefined; after?: string | undefined; limit: number },
) {
  const rows = await listNotifications(ctx.db, {
    limit: query.limit,
    ...(query.state === undefined ? {} : { state: query.state }),
    ...(query.after === undefined ? {} : { before: query.after }),
  });
  const items = await Promise.all(
    rows.map(async (row) => ({
      notificationId: row.notification_id,
      channel: row.channel,
      host: new URL(row.url).host,
      eventId: row.event_id,
      topic: row.topic,
      text: (JSON.parse(row.body) as { text?: string }).text ?? row.topic,
      state: row.state,
      attempts: row.attempts,
      createdMs: row.created_ms,
      deliveries: (await deliveriesOf(ctx.db, row.notification_id)).map((delivery) => ({
        attempt: delivery.attempt,
        atMs: delivery.at_ms,
        durationMs: delivery.duration_ms,
        status: delivery.status,
        error: delivery.error,
      })),
    })),
  );
  const last = rows.at(-1);
  return { items, next: last && rows.length === query.limit ? last.notification_id : null };
}
