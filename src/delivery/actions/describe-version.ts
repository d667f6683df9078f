import type { VersionDetail } from '../../contract/delivery.ts';
import type { Context } from '../../context.ts';
import { summarizeVersion } from '../../registry/actions/list-versions.ts';
import { requireVersion } from '../../registry/registry-store.ts';
import { verdictsOf } from '../delivery-store.ts';

/** A version, by number or alias, with what every gate said of it. Throws `MODEL_UNKNOWN`. */
export async function describeVersion(
  ctx: Pick<Context, 'db'>,
  query: { model: string; version: string },
): Promise<VersionDetail> {
  const version = await requireVersion(ctx.db, query.model, query.version);
  const verdicts = await verdictsOf(ctx.db, version.model, version.version);
  return {
    ...summarizeVersion(version),
    format: version.format,
    signature: version.signature,
    features: version.features,
    gates: verdicts.map((verdict) => ({
      kind: verdict.kind,
      outcome: verdict.outcome,
      reason: verdict.reason,
      settings: JSON.parse(verdict.settings) as Record<string, unknown>,
      evidence: JSON.parse(verdict.evidence) as Record<string, unknown>,
      eventId: verdict.event_id,
      atMs: verdict.at_ms,
    })),
  };
}
