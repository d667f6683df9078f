import { invalid } from './registry-names.ts';

/** What a webhook may be told of, by entity: MLflow's actions of it. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  registered_model: ['created'],
  model_version: ['created'],
  model_version_tag: ['set', 'deleted'],
  model_version_alias: ['created', 'deleted'],
  prompt: ['created'],
  prompt_version: ['created'],
  prompt_tag: ['set', 'deleted'],
  prompt_version_tag: ['set', 'deleted'],
  prompt_alias: ['created', 'deleted'],
};

/** `{ entity: 'MODEL_VERSION', action: 'CREATED' }` as `model_version.created`. Throws INVALID_PARAMETER_VALUE. */
export function webhookEvent(given: { entity: string; action: string }): string {
  const entity = given.entity.toLowerCase();
  const action = given.action.toLowerCase();
  if (ACTIONS[entity]?.includes(action)) return `${entity}.${action}`;
  const known = Object.entries(ACTIONS).flatMap(([one, actions]) =>
    actions.map((each) => `${one}.${each}`),
  );
  throw invalid(
    `Invalid webhook event '${entity}.${action}'. Webhooks are told of: ${known.join(', ')}.`,
  );
}

/** Throws INVALID_PARAMETER_VALUE unless a webhook may be called so and has such an address. */
export function checkWebhook(webhook: { name?: string; url?: string }): void {
  const { name, url } = webhook;
  if (name !== undefined && !/^(?=.{1,63}$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i.test(name)) {
    throw invalid(
      `Webhook name '${name}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
    );
  }
  if (url === undefined) return;
  if (url.trim() === '') throw invalid(`Webhook URL cannot be empty or just whitespace: '${url}'`);
  if (!URL.canParse(url)) throw invalid(`Invalid webhook URL '${url}'`);
  const { protocol, hostname } = new URL(url);
  if (!['http:', 'https:'].includes(protocol)) {
    throw invalid(
      `Invalid webhook URL scheme: '${protocol.slice(0, -1)}'. Allowed schemes are: https, http.`,
    );
  }
  // Addresses of a cloud's own metadata: nothing listens there that should hear from a registry.
  if (/^(?:169\.254\.|\[?fe80:|metadata\.google\.internal$)/i.test(hostname))
    throw invalid(`Webhook URL must not lead to a link-local address: '${url}'`);
}
