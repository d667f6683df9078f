import { createHmac } from 'node:crypto';
import type { Json } from '../base/json.ts';
import type { Event } from '../events/event.ts';

/** Events that MLflow's webhooks are told of. */
export const WEBHOOK_EVENTS: readonly string[] = [
  'model.registered',
  'model.version-registered',
  'model.version-tag-set',
  'model.version-tag-deleted',
  'model.tag-set',
  'model.tag-deleted',
  'model.alias-moved',
];

export type Told = { entity: string; action: string; data: { [key: string]: Json } };

const INTERNAL_TAGS: readonly string[] = [
  'mlflow.prompt.is_prompt',
  'mlflow.prompt.text',
  '_mlflow_prompt_type',
];

/** What MLflow's own server would tell webhooks of an event; undefined when it would say nothing. */
export function toldOf(event: Event): Told | undefined {
  const { data } = event;
  const tags = (data.tags ?? {}) as Record<string, Json>;
  const prompt = data.prompt === true || tags['mlflow.prompt.is_prompt'] === 'true';
  const name = data.model ?? null;
  const version = data.version ?? null;
  const plain = prompt
    ? Object.fromEntries(Object.entries(tags).filter(([key]) => !INTERNAL_TAGS.includes(key)))
    : tags;
  const described = { tags: plain, description: data.description ?? null };
  const key = data.key ?? null;
  const value = data.value ?? null;
  switch (event.type) {
    case 'model.registered':
      return tell(prompt ? 'prompt' : 'registered_model', 'created', { name, ...described });
    case 'model.version-registered':
      if (prompt) {
        const template = tags['mlflow.prompt.text'] ?? null;
        return tell('prompt_version', 'created', { name, version, template, ...described });
      }
      return tell('model_version', 'created', {
        name,
        version,
        source:
          data.source ??
          `models:/${event.subject.id}/${JSON.stringify(version).replaceAll('"', '')}`,
        run_id: data.sourceRun ?? data.runId ?? null,
        ...described,
      });
    case 'model.version-tag-set':
      return tell(entityOf(prompt, 'version_tag'), 'set', { name, version, key, value });
    case 'model.version-tag-deleted':
      return tell(entityOf(prompt, 'version_tag'), 'deleted', { name, version, key });
    case 'model.tag-set':
      return prompt ? tell('prompt_tag', 'set', { name, key, value }) : undefined;
    case 'model.tag-deleted':
      return prompt ? tell('prompt_tag', 'deleted', { name, key }) : undefined;
    case 'model.alias-moved': {
      const entity = prompt ? 'prompt_alias' : 'model_version_alias';
      const alias = data.alias ?? null;
      return data.to === null || data.to === undefined
        ? tell(entity, 'deleted', { name, alias })
        : tell(entity, 'created', { name, alias, version: data.to });
    }
    default:
      return undefined;
  }
}

/** Example of what is told of, for trying a webhook. */
export function exampleOf(event: string): Told {
  const [entity = '', action = ''] = event.split('.');
  return tell(entity, action, { name: 'example', version: '1', description: 'Sent to try this' });
}

/** The JSON that is sent. */
export function webhookBody(told: Told, atMs: number): string {
  const { entity, action, data } = told;
  return JSON.stringify({ entity, action, timestamp: new Date(atMs).toISOString(), data });
}

/** Headers of MLflow's webhooks: the signature is over delivery id, seconds and body. */
export function webhookHeaders(
  delivery: { id: string; atMs: number; body: string },
  secret: string | null,
): Record<string, string> {
  const seconds = String(Math.floor(delivery.atMs / 1000));
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'rondo',
    'x-mlflow-delivery-id': delivery.id,
    'x-mlflow-timestamp': seconds,
  };
  if (secret !== null) {
    const signed = `${delivery.id}.${seconds}.${delivery.body}`;
    const mac = createHmac('sha256', secret).update(signed).digest('base64');
    headers['x-mlflow-signature'] = `v1,${mac}`;
  }
  return headers;
}

function entityOf(prompt: boolean, what: 'version_tag'): string {
  return `${prompt ? 'prompt' : 'model'}_${what}`;
}

function tell(entity: string, action: string, data: Told['data']): Told {
  return { entity, action, data };
}
