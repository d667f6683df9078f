import type { ReadDatabase, Transaction } from '../storage/database/database.ts';
import type {
  BundleRow,
  CommitCheckRow,
  CommitRow,
  DeploymentRow,
} from '../storage/database/tables/commits.ts';

export type CommitState =
  | 'queued'
  | 'testing'
  | 'failed'
  | 'passed'
  | 'deployed'
  | 'replaced'
  | 'rolled-back';

/** False when the commit is known already. */
export async function insertCommit(
  tx: Transaction,
  commit: Pick<
    CommitRow,
    'sha' | 'branch' | 'subject' | 'author' | 'committed_ms' | 'seen_ms' | 'state'
  >,
): Promise<boolean> {
  const last = await tx
    .selectFrom('commits')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const result = await tx
    .insertInto('commits')
    .values({ ...commit, number: (last?.number ?? 0) + 1 })
    .onConflict((conflict) => conflict.column('sha').doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function findCommit(db: ReadDatabase, sha: string): Promise<CommitRow | undefined> {
  return db.selectFrom('commits').selectAll().where('sha', '=', sha).executeTakeFirst();
}

/** Commits whose sha begins so; two are enough to tell that it is not the only one. */
export async function commitsBeginning(db: ReadDatabase, start: string): Promise<CommitRow[]> {
  return db
    .selectFrom('commits')
    .selectAll()
    .where('sha', '>=', start)
    .where('sha', '<', `${start}g`)
    .orderBy('sha')
    .limit(2)
    .execute();
}

/** Commits in some states, oldest first. */
export async function commitsInState(
  db: ReadDatabase,
  states: readonly CommitState[],
): Promise<CommitRow[]> {
  return db
    .selectFrom('commits')
    .selectAll()
    .where('state', 'in', [...states])
    .orderBy('number')
    .execute();
}

/** Moves a commit on if it still is in one of `from`; false when not. */
export async function moveCommit(
  tx: Transaction,
  sha: string,
  move: {
    from: readonly CommitState[];
    to: CommitState;
    change?: Partial<
      Pick<CommitRow, 'reason' | 'bundle' | 'started_ms' | 'finished_ms' | 'duration_ms'>
    >;
  },
): Promise<boolean> {
  const result = await tx
    .updateTable('commits')
    .set({ ...move.change, state: move.to })
    .where('sha', '=', sha)
    .where('state', 'in', [...move.from])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function insertChecks(
  tx: Transaction,
  rows: readonly CommitCheckRow[],
): Promise<void> {
  if (rows.length > 0)
    await tx
      .insertInto('commit_checks')
      .values([...rows])
      .execute();
}

export async function insertBundle(tx: Transaction, row: BundleRow): Promise<void> {
  await tx
    .insertInto('bundles')
    .values(row)
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
}

export async function deploymentInForce(db: ReadDatabase): Promise<DeploymentRow | undefined> {
  return db
    .selectFrom('deployments')
    .selectAll()
    .where('state', '=', 'in-force')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function findDeployment(
  db: ReadDatabase,
  number: number,
): Promise<DeploymentRow | undefined> {
  return db.selectFrom('deployments').selectAll().where('number', '=', number).executeTakeFirst();
}

/** Deployments, newest first, before a number, with the subject of their commit. */
export async function listDeployments(
  db: ReadDatabase,
  query: { before: number | null; limit: number },
): Promise<(DeploymentRow & { subject: string })[]> {
  let select = db
    .selectFrom('deployments')
    .innerJoin('commits', 'commits.sha', 'deployments.sha')
    .selectAll('deployments')
    .select('commits.subject')
    .orderBy('deployments.number', 'desc')
    .limit(query.limit);
  if (query.before !== null) select = select.where('deployments.number', '<', query.before);
  return select.execute();
}

/** Puts a deployment in force under the next number; the one before ends in the state given. */
export async function insertDeployment(
  tx: Transaction,
  row: Omit<DeploymentRow, 'number' | 'state' | 'ended_ms'>,
  before: { number: number; becomes: 'replaced' | 'rolled-back' } | null,
): Promise<number> {
  if (before) {
    await tx
      .updateTable('deployments')
      .set({ state: before.becomes, ended_ms: row.at_ms })
      .where('number', '=', before.number)
      .execute();
  }
  const last = await tx
    .selectFrom('deployments')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const number = (last?.number ?? 0) + 1;
  await tx
    .insertInto('deployments')
    .values({ ...row, number, state: 'in-force', ended_ms: null })
    .execute();
  return number;
}
