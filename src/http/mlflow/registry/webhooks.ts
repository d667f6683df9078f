import { tryWebhook } from '../../../notifications/actions/try-webhook.ts';
import {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  updateWebhook,
} from '../../../registry/actions/change-webhook.ts';
import { webhookEvent } from '../../../registry/webhook-events.ts';
import { parseItem } from '../fields.ts';
import { mlflowRoute, type MlflowRoute } from '../route.ts';
import { present } from '../values.ts';
import { searchPage } from './fields.ts';

const EVENT = { entity: 'string!', action: 'string!' } as const;
const CHANGE = {
  name: 'string',
  url: 'string',
  events: 'list',
  description: 'string',
  secret: 'string',
  status: 'string',
} as const;

const createRoute = mlflowRoute({
  method: 'POST',
  path: 'webhooks',
  summary: 'Subscribes an address to changes of the registry',
  fields: { ...CHANGE, name: 'string!', url: 'string!', events: 'list!' },
  async handle({ ctx, fields }) {
    const webhook = await createWebhook(ctx, { ...fields, events: eventItems(fields.events) });
    return { webhook: webhookJson(webhook) };
  },
});

const listRoute = mlflowRoute({
  method: 'GET',
  path: 'webhooks',
  summary: 'Webhooks, the newest first',
  fields: { max_results: 'int', page_token: 'string' },
  async handle({ ctx, fields }) {
    const asked = { ...fields, filter: undefined, order_by: undefined };
    const page = searchPage(asked, { usual: 100, most: 1000 });
    const { items, more } = await listWebhooks(ctx, page);
    return {
      webhooks: items.length > 0 ? items.map(webhookJson) : undefined,
      next_page_token: more ? page.next : undefined,
    };
  },
});

const getRoute = mlflowRoute({
  method: 'GET',
  path: 'webhooks/:webhookId',
  summary: 'A webhook',
  fields: {},
  async handle({ ctx, params }) {
    return { webhook: webhookJson(await findWebhook(ctx, params.webhookId ?? '')) };
  },
});

const updateRoute = mlflowRoute({
  method: 'PATCH',
  path: 'webhooks/:webhookId',
  summary: 'Changes a webhook',
  fields: CHANGE,
  async handle({ ctx, params, fields }) {
    const webhook = await updateWebhook(ctx, params.webhookId ?? '', {
      ...fields,
      events: fields.events && eventItems(fields.events),
    });
    return { webhook: webhookJson(webhook) };
  },
});

const deleteRoute = mlflowRoute({
  method: 'DELETE',
  path: 'webhooks/:webhookId',
  summary: 'Ends a subscription',
  fields: {},
  handle: ({ ctx, params }) => deleteWebhook(ctx, params.webhookId ?? ''),
});

const testRoute = mlflowRoute({
  method: 'POST',
  path: 'webhooks/:webhookId/test',
  summary: 'Sends an example to a webhook',
  fields: { event: 'object' },
  async handle({ ctx, params, fields }) {
    const event = fields.event && webhookEvent(parseItem('event', EVENT, fields.event));
    const result = await tryWebhook(ctx, { webhookId: params.webhookId ?? '', event });
    return {
      result: present({
        success: result.success,
        response_status: result.status,
        error_message: result.error,
      }),
    };
  },
});

export const webhookRoutes: readonly MlflowRoute[] = [
  createRoute,
  listRoute,
  getRoute,
  updateRoute,
  deleteRoute,
  testRoute,
];

function eventItems(
  events: readonly Record<string, unknown>[],
): { entity: string; action: string }[] {
  return events.map((event, index) => parseItem(`events[${index}]`, EVENT, event));
}

function webhookJson(webhook: Awaited<ReturnType<typeof findWebhook>>): Record<string, unknown> {
  return present({
    webhook_id: webhook.webhook_id,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events.map((event) => {
      const [entity = '', action = ''] = event.toUpperCase().split('.');
      return { entity, action };
    }),
    description: webhook.description === '' ? null : webhook.description,
    status: webhook.status,
    creation_timestamp: webhook.created_at_ms,
    last_updated_timestamp: webhook.updated_at_ms,
  });
}
