import type { CommitCheck, CommitItem, CommitView } from '../contract/views/commits-view.ts';
import type { ReadDatabase } from '../storage/database/database.ts';
import type { CommitRow } from '../storage/database/tables/commits.ts';
import { commitRecords } from './commit-records.ts';

/** Commits, newest first; `after` is the number of the last one seen. */
export async function commitsView(
  db: ReadDatabase,
  query: { after?: string | undefined; limit: number },
): Promise<{ items: CommitItem[]; next: string | null }> {
  let select = db
    .selectFrom('commits')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(query.limit + 1);
  if (query.after !== undefined) select = select.where('number', '<', Number(query.after));
  const rows = await select.execute();
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(itemOf),
    next: rows.length > query.limit && last ? String(last.number) : null,
  };
}

/** One commit with its checks and its six stations. */
export async function commitView(db: ReadDatabase, row: CommitRow): Promise<CommitView> {
  const checks = await db
    .selectFrom('commit_checks')
    .selectAll()
    .where('sha', '=', row.sha)
    .orderBy('position')
    .execute();
  const bundle =
    row.bundle === null
      ? undefined
      : await db
          .selectFrom('bundles')
          .select('size_bytes')
          .where('digest', '=', row.bundle)
          .executeTakeFirst();
  return {
    ...itemOf(row),
    checks: checks.map((check) => ({
      name: check.name,
      kind: check.kind,
      state: check.state as CommitCheck['state'],
      durationMs: check.duration_ms,
      summary: check.summary,
      log: check.log,
    })),
    bundleSizeBytes: bundle?.size_bytes ?? null,
    records: await commitRecords(db, row, checks),
  };
}

function itemOf(row: CommitRow): CommitItem {
  return {
    sha: row.sha,
    branch: row.branch,
    subject: row.subject,
    author: row.author,
    committedMs: row.committed_ms,
    seenMs: row.seen_ms,
    state: row.state,
    bundle: row.bundle,
    sentence: sentenceOf(row),
  };
}

function sentenceOf(row: CommitRow): string {
  if (row.state === 'queued') return 'It waits for its tests.';
  if (row.state === 'testing') return 'Its tests run.';
  if (row.state === 'passed') return 'It passed its checks and is deployed when no run is at work.';
  return row.reason ?? '';
}
