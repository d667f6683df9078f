import { AppError } from '../../base/app-error.ts';
import type { FeatureUpdate } from '../../contract/route-table.ts';
import type { Context } from '../../context.ts';
import { storedViews } from '../../features/feature-store.ts';
import { valuesAfter } from '../../features/value-store.ts';
import type { FeatureValueRow } from '../../storage/database/tables/features.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { newestFeatureSequence, storeId } from '../route-store.ts';

const ROWS_PER_PORTION = 5000;

/** What a gateway is known to have; forgotten when it contradicts. */
const known = new WeakMap<GatewayClient, { storeId: string | null; sequence: number }>();

/** Asks the gateway anew what it has, before the next push; called when it may have lost its disk. */
export function forgetPushed(gateway: GatewayClient): void {
  known.delete(gateway);
}

/**
 * Sends the gateway every latest feature value that changed since its last portion, in order of `feature_values.sequence`;
 * everything, when it has the values of another database or none. Gives whether anything was sent.
 * Throws `GATEWAY_UNREACHABLE`.
 */
export async function pushFeatures(
  ctx: Pick<Context, 'db' | 'ids'>,
  gateway: GatewayClient,
): Promise<boolean> {
  const newest = await newestFeatureSequence(ctx.db);
  let has = known.get(gateway);
  if (has && has.sequence === newest) return false;
  has ??= await gateway.state();
  const store = await ctx.db
    .transaction()
    .execute((tx) => storeId(tx, () => ctx.ids.next('store')));
  const fresh = has.storeId !== store;
  let sequence = fresh ? 0 : has.sequence;
  if (!fresh && sequence >= newest) {
    known.set(gateway, { storeId: store, sequence: newest });
    return false;
  }
  try {
    // A portion of another store empties the gateway's copy, so the first goes even when there is nothing in it.
    if (fresh) await gateway.pushFeatures({ storeId: store, sequence: 0, updates: [] });
    const names = new Map(
      (await storedViews(ctx.db)).map((stored) => [stored.view.digest, stored.view.name]),
    );
    while (sequence < newest) {
      const rows = await portion(ctx, sequence);
      const to = rows.at(-1)?.sequence ?? newest;
      await gateway.pushFeatures({
        storeId: store,
        sequence: to,
        after: sequence,
        updates: updatesOf(rows, names),
      });
      sequence = to;
    }
  } catch (error) {
    forgetPushed(gateway);
    if (error instanceof AppError && error.code === 'GATEWAY_FEATURES_GAP') return true;
    throw error;
  }
  known.set(gateway, { storeId: store, sequence });
  return true;
}

/** The next values, never part of a sequence: a portion that ends within one would hide its rest. */
async function portion(ctx: Pick<Context, 'db'>, after: number): Promise<FeatureValueRow[]> {
  for (let limit = ROWS_PER_PORTION; ; limit *= 4) {
    const rows = await valuesAfter(ctx.db, { sequence: after, limit });
    const last = rows.at(-1)?.sequence;
    if (rows.length < limit) return rows;
    const whole = rows.filter((row) => row.sequence !== last);
    if (whole.length > 0) return whole;
  }
}

function updatesOf(
  rows: readonly FeatureValueRow[],
  names: ReadonlyMap<string, string>,
): FeatureUpdate[] {
  const updates = new Map<string, FeatureUpdate>();
  for (const row of rows) {
    let update = updates.get(row.view_digest);
    if (!update) {
      update = {
        view: names.get(row.view_digest) ?? row.view_digest,
        viewDigest: row.view_digest,
        rows: [],
      };
      updates.set(row.view_digest, update);
    }
    update.rows.push({
      key: row.key,
      eventMs: row.event_ms,
      availableMs: row.available_ms,
      values: JSON.parse(row.value_json) as FeatureUpdate['rows'][number]['values'],
    });
  }
  return [...updates.values()];
}
