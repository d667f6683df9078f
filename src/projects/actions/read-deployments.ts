import type { DeploymentItem } from '../../contract/commit-events.ts';
import type { Context } from '../../context.ts';
import { listDeployments } from '../commit-store.ts';

/** Deployments, newest first; `after` is the number of the last one seen. */
export async function readDeployments(
  ctx: Pick<Context, 'db'>,
  query: { after?: string | undefined; limit: number },
): Promise<{ items: DeploymentItem[]; next: string | null }> {
  const before = query.after === undefined ? null : Number(query.after);
  const rows = await listDeployments(ctx.db, { before, limit: query.limit + 1 });
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    items: shown.map((row) => ({
      number: row.number,
      sha: row.sha,
      subject: row.subject,
      bundle: row.bundle,
      pipelines: JSON.parse(row.pipelines) as string[],
      state: row.state,
      actor: row.actor,
      reason: row.reason,
      atMs: row.at_ms,
      endedMs: row.ended_ms,
    })),
    next: rows.length > query.limit && last ? String(last.number) : null,
  };
}
