import type { Json } from '../base/json.ts';
import type { Context } from '../context.ts';
import { appendEvent } from '../events/append-event.ts';
import type { Transaction } from '../storage/database/database.ts';

/** Who changes the registry through MLflow's protocol, until clients sign in by name. */
const CLIENT = 'mlflow client';

/** Appends what a client did to a model, in the transaction of the change. */
export async function appendModelEvent(
  ctx: Pick<Context, 'clocks' | 'ids' | 'bus'>,
  tx: Transaction,
  event: { type: `model.${string}`; model: string; data?: { [key: string]: Json } },
): Promise<void> {
  await appendEvent(ctx, tx, {
    type: event.type,
    subject: { kind: 'model', id: event.model },
    actor: CLIENT,
    data: { model: event.model, ...event.data },
  });
}
