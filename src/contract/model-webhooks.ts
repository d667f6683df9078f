/** The consumer whose cursor tells how far webhooks of the registry have heard of events. */
export const WEBHOOK_CURSOR = 'notifications:model-webhooks';
