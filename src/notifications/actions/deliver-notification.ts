import type { Context } from '../../context.ts';
import type { NotificationRow } from '../../storage/database/tables/monitoring.ts';
import { openText } from '../../storage/sealed-text.ts';
import { webhookHeaders } from '../model-webhook.ts';
import { MOST_ATTEMPTS, signatureOf } from '../notification.ts';
import { recordDelivery, type NotificationState } from '../notification-store.ts';

/** An answer that takes longer counts as none. */
const TIMEOUT_MS = 10_000;

export type DeliverySettings = {
  /** Where signing keys are found. */
  env: Readonly<Record<string, string | undefined>>;
  timeoutMs?: number;
};

/**
 * Tries once to deliver a notification and logs the attempt. A 2xx answer ends it; everything else (no answer, a
 * redirect, an error, a missing key) leaves it pending, until too many attempts failed. The log holds status and
 * kind of failure, never the key or the receiver's words.
 */
export async function deliverNotification(
  ctx: Pick<Context, 'db' | 'clocks' | 'paths'>,
  notification: NotificationRow,
  settings: DeliverySettings,
): Promise<NotificationState> {
  const attempt = notification.attempts + 1;
  const atMs = Date.now();
  const startedMs = ctx.clocks.monotonic.nowMs();
  const answer =
    notification.webhook_id === null
      ? await send(notification, { ...settings, attempt, atMs })
      : await sendToWebhook(ctx, notification, { ...settings, atMs });
  const delivered = answer.status !== null && answer.status >= 200 && answer.status < 300;
  const state = delivered
    ? 'delivered'
    : answer.final || attempt >= MOST_ATTEMPTS
      ? 'given-up'
      : 'pending';
  await ctx.db.transaction().execute((tx) =>
    recordDelivery(
      tx,
      {
        notification_id: notification.notification_id,
        attempt,
        at_ms: atMs,
        duration_ms: ctx.clocks.monotonic.nowMs() - startedMs,
        status: answer.status,
        error: delivered ? null : answer.error,
      },
      state,
    ),
  );
  return state;
}

/** `final`: another attempt would meet the same. */
type Answer = { status: number | null; error: string; final?: true };

/** In the manner of MLflow's webhooks; one that was deleted or disabled meanwhile is told nothing more. */
async function sendToWebhook(
  ctx: Pick<Context, 'db' | 'paths'>,
  notification: NotificationRow,
  settings: { timeoutMs?: number; atMs: number },
): Promise<Answer> {
  const webhook = await ctx.db
    .selectFrom('model_webhooks')
    .select(['url', 'secret', 'status'])
    .where('webhook_id', '=', notification.webhook_id)
    .executeTakeFirst();
  if (webhook?.status !== 'ACTIVE')
    return { status: null, error: 'the webhook was deleted or disabled', final: true };
  const { notification_id: id, body } = notification;
  return postToWebhook(ctx, webhook, { id, body, ...settings });
}

/** Posts a body to a webhook, signed where it has a secret. */
export async function postToWebhook(
  ctx: Pick<Context, 'paths'>,
  webhook: { url: string; secret: string | null },
  delivery: { id: string; body: string; atMs: number; timeoutMs?: number },
): Promise<Answer> {
  const secret = webhook.secret === null ? null : openText(ctx.paths.root, webhook.secret);
  if (secret === undefined)
    return { status: null, error: 'its secret was sealed elsewhere: set it again' };
  return post(webhook.url, {
    headers: webhookHeaders(delivery, secret),
    body: delivery.body,
    timeoutMs: delivery.timeoutMs,
  });
}

async function send(
  notification: NotificationRow,
  settings: DeliverySettings & { attempt: number; atMs: number },
): Promise<Answer> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'rondo',
    // The same for every attempt: the receiver can tell a repetition.
    'rondo-notification-id': notification.notification_id,
    'rondo-topic': notification.topic,
    'rondo-attempt': String(settings.attempt),
  };
  if (notification.secret_env !== null) {
    const secret = settings.env[notification.secret_env];
    if (secret === undefined || secret === '') {
      const error = `the variable ${notification.secret_env} with the signing key is not set`;
      return { status: null, error };
    }
    headers['rondo-signature'] = signatureOf(notification.body, secret, settings.atMs);
  }
  const { url, body } = notification;
  return post(url, { headers, body, timeoutMs: settings.timeoutMs });
}

async function post(
  url: string,
  message: { headers: Record<string, string>; body: string; timeoutMs: number | undefined },
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: message.headers,
      body: message.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(message.timeoutMs ?? TIMEOUT_MS),
    });
    await response.body?.cancel();
    return { status: response.status, error: `the receiver answered ${response.status}` };
  } catch (error) {
    return { status: null, error: describe(error) };
  }
}

/** The kind of failure; messages of the network may hold the URL, and with it a secret. */
function describe(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause =
    error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? `no connection (${cause.code})` : 'no connection';
}
