import { AppError } from '../../base/app-error.ts';
import type { Context } from '../../context.ts';
import type { CommitRow } from '../../storage/database/tables/commits.ts';
import { commitsBeginning } from '../commit-store.ts';

/** The commit of a sha or of its first digits (4 or more). Throws `COMMIT_UNKNOWN`, `COMMIT_AMBIGUOUS`. */
export async function requireCommit(ctx: Pick<Context, 'db'>, text: string): Promise<CommitRow> {
  const start = text.toLowerCase();
  const found = /^[0-9a-f]{4,64}$/.test(start) ? await commitsBeginning(ctx.db, start) : [];
  const [first, second] = found;
  if (!first) throw new AppError('COMMIT_UNKNOWN', `No commit "${text}" was seen here.`);
  if (second) throw new AppError('COMMIT_AMBIGUOUS', `More than one commit begins with "${text}".`);
  return first;
}
