import type { Route } from '../../rondo-server.ts';
import { fireTriggerRoute, switchTriggerRoute } from './fire-trigger.ts';
import { listFiringsRoute, listTriggersRoute } from './list-triggers.ts';
import { receiveMessageRoute } from './receive-message.ts';

/** Routes of `triggers`. */
export const triggersRoutes: readonly Route[] = [
  listTriggersRoute,
  listFiringsRoute,
  fireTriggerRoute,
  switchTriggerRoute,
  receiveMessageRoute,
];
