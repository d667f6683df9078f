import type { Context } from '../context.ts';
import type { Database } from '../storage/database/database.ts';
import type { Work } from '../work.ts';
import { deliverNotification, type DeliverySettings } from './actions/deliver-notification.ts';
import { queueNotifications } from './actions/queue-notifications.ts';
import { queueWebhooks } from './actions/queue-webhooks.ts';
import { pauseMs } from './notification.ts';
import { headPosition, pendingNotifications } from './notification-store.ts';

/** Notifications looked at in one round of deliveries, and sent at the same time. */
const ROUND = 100;
const AT_ONCE = 4;

type Delivering = {
  busy: boolean;
  /** Monotonic time before which a notification is left alone; empty after a restart: then all are tried at once. */
  notBeforeMs: Map<string, number>;
  head: number;
  definition: unknown;
};
const states = new WeakMap<Database, Delivering>();

function stateOf(ctx: Context): Delivering {
  const known = states.get(ctx.db);
  if (known) return known;
  const fresh = { busy: false, notBeforeMs: new Map<string, number>(), head: -1, definition: null };
  states.set(ctx.db, fresh);
  return fresh;
}

/**
 * Queues notifications of new events, and sends in the background what is due: a receiver that hangs holds nothing up.
 * The settings are parameters for tests.
 */
export function createNotificationsWork(settings: DeliverySettings = { env: process.env }): Work {
  return {
    name: 'notifications',
    async run(ctx) {
      const state = stateOf(ctx);
      const definition = ctx.project.definition();
      const head = await headPosition(ctx.db);
      let queued = false;
      if (head !== state.head || definition !== state.definition) {
        queued = definition.notifications.length > 0 && (await queueNotifications(ctx));
        queued = (await queueWebhooks(ctx)) || queued;
        if (!queued) Object.assign(state, { head, definition });
      }
      if (!state.busy) {
        state.busy = true;
        void deliverDue(ctx, state, settings)
          .catch((error: unknown) => {
            ctx.logger.warn({ err: error }, 'notifications could not be delivered; tried again');
          })
          .finally(() => {
            state.busy = false;
          });
      }
      return queued;
    },
  };
}

export const notificationsWork: Work = createNotificationsWork();

async function deliverDue(
  ctx: Context,
  state: Delivering,
  settings: DeliverySettings,
): Promise<void> {
  const nowMs = ctx.clocks.monotonic.nowMs();
  const due = (await pendingNotifications(ctx.db, ROUND)).filter(
    (row) => (state.notBeforeMs.get(row.notification_id) ?? 0) <= nowMs,
  );
  const queue = due[Symbol.iterator]();
  const sender = async (): Promise<void> => {
    for (const row of queue) {
      const outcome = await deliverNotification(ctx, row, settings);
      if (outcome === 'pending') {
        const pause = pauseMs(row.attempts + 1);
        state.notBeforeMs.set(row.notification_id, ctx.clocks.monotonic.nowMs() + pause);
      } else {
        state.notBeforeMs.delete(row.notification_id);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}
