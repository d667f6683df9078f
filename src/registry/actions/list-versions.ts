import type { VersionSummary } from '../../contract/delivery.ts';
import type { Context } from '../../context.ts';
import type { ModelVersion } from '../model-version.ts';
import { versionsBefore } from '../registry-store.ts';

/** Versions of a model, newest first, one page; `after` is the last version of the page before. */
export async function listVersions(
  ctx: Pick<Context, 'db'>,
  query: { model: string; after?: string | undefined; limit: number },
): Promise<{ items: VersionSummary[]; next: string | null }> {
  const before = query.after === undefined ? Number.MAX_SAFE_INTEGER : Number(query.after);
  const versions = await versionsBefore(ctx.db, {
    model: query.model,
    before,
    limit: query.limit + 1,
  });
  const items = versions.slice(0, query.limit).map(summarizeVersion);
  return { items, next: versions.length > query.limit ? (items.at(-1)?.version ?? null) : null };
}

export function summarizeVersion(version: ModelVersion): VersionSummary {
  const { model, state, reason, origin, runId, digest, metrics, createdAtMs } = version;
  return {
    model,
    version: version.version,
    state,
    reason,
    origin,
    runId,
    digest,
    metrics,
    createdAtMs,
  };
}
