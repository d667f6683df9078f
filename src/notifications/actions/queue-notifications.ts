import type { Context } from '../../context.ts';
import { eventsAfter, moveCursor } from '../../events/event-store.ts';
import type { Transaction } from '../../storage/database/database.ts';
import {
  bodyOf,
  channelId,
  NOTIFIED_EVENTS,
  topicOf,
  type ChannelDefinition,
} from '../notification.ts';
import { channelPosition, headPosition, insertNotification } from '../notification-store.ts';

const BATCH = 200;

/**
 * Writes a notification for every event a channel wants, exactly one per channel and event: row and cursor move in one
 * transaction. A channel hears of what happens after it was written into the project file. Gives whether any came.
 */
export async function queueNotifications(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'project'>,
): Promise<boolean> {
  const { notifications: channels, project } = ctx.project.definition();
  let queued = false;
  for (const channel of channels) {
    queued =
      (await ctx.db.transaction().execute((tx) => queueOf(ctx, tx, { channel, project }))) ||
      queued;
  }
  return queued;
}

async function queueOf(
  ctx: Pick<Context, 'clocks' | 'ids'>,
  tx: Transaction,
  { channel, project }: { channel: ChannelDefinition; project: string },
): Promise<boolean> {
  const id = channelId(channel);
  const consumer = `notifications:${id}`;
  const position = await channelPosition(tx, consumer);
  if (position === undefined) {
    await moveCursor(tx, consumer, await headPosition(tx));
    return false;
  }
  const events = await eventsAfter(tx, {
    position,
    types: NOTIFIED_EVENTS,
    limit: BATCH,
  });
  const last = events.at(-1);
  if (!last) return false;
  for (const event of events) {
    const topic = topicOf(event.type);
    if (topic === undefined || !channel.on.includes(topic)) continue;
    const notificationId = ctx.ids.next('notification');
    await insertNotification(tx, {
      notification_id: notificationId,
      channel: id,
      event_id: event.eventId,
      topic,
      url: channel.url,
      secret_env: channel.secret_env ?? null,
      webhook_id: null,
      body: bodyOf(notificationId, project, event),
      state: 'pending',
      attempts: 0,
      created_ms: ctx.clocks.calendar.nowMs(),
      finished_ms: null,
    });
  }
  await moveCursor(tx, consumer, last.position);
  return true;
}
