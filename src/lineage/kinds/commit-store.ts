import type { ReadDatabase } from '../../storage/database/database.ts';
import { countOf, group, type Group, type LineageKind, type Step } from '../lineage-kind.ts';
import { findBundle, findCommit } from '../lineage-store.ts';
import { bundleNode, commitNode, runNode } from '../nodes.ts';

/** Runs of some commits: first those whose model was released, then the others, each newest first. */
async function runsOfCommits(step: Step, shas: readonly string[]): Promise<Group> {
  const none: Group = { kind: 'run', label: 'ran as', nodes: [], total: 0 };
  if (shas.length === 0) return none;
  const of = step.db.selectFrom('pipeline_runs').where('commit_sha', 'in', [...shas]);
  const newest = of.selectAll().orderBy('run_id', 'desc').limit(step.take('run'));
  const released = newest.where((eb) =>
    eb.exists(
      eb
        .selectFrom('model_versions')
        .innerJoin('releases', (join) =>
          join
            .onRef('releases.model', '=', 'model_versions.model')
            .onRef('releases.version', '=', 'model_versions.version'),
        )
        .select('releases.release_id')
        .whereRef('model_versions.source_run_id', '=', 'pipeline_runs.run_id'),
    ),
  );
  const found = [...(await released.execute()), ...(await newest.execute())];
  const rows = [...new Map(found.map((row) => [row.run_id, row])).values()];
  const total = await of
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .executeTakeFirst();
  return { ...none, nodes: rows.slice(0, step.take('run')).map(runNode), total: countOf(total) };
}

export const commitKind: LineageKind = {
  kind: 'commit',
  async find(db, id) {
    const row = await findCommit(db, id);
    return row && commitNode(row);
  },
  up: () => Promise.resolve([]),
  async down(step, sha) {
    const commit = await findCommit(step.db, sha);
    const bundle = commit?.bundle ? await findBundle(step.db, commit.bundle) : undefined;
    if (bundle) return [group('bundle', 'was built into', [bundleNode(bundle)])];
    return [await runsOfCommits(step, [sha])];
  },
};

export const bundleKind: LineageKind = {
  kind: 'bundle',
  async find(db, id) {
    const row = await findBundle(db, id);
    return row && bundleNode(row);
  },
  async up(step, digest) {
    const rows = await step.db
      .selectFrom('commits')
      .selectAll()
      .where('bundle', '=', digest)
      .orderBy('number', 'desc')
      .limit(Math.max(1, step.take('commit')))
      .execute();
    return [group('commit', 'was built into', rows.map(commitNode))];
  },
  async down(step, digest) {
    const commits = await step.db
      .selectFrom('commits')
      .select('sha')
      .where('bundle', '=', digest)
      .execute();
    return [
      await runsOfCommits(
        step,
        commits.map((row) => row.sha),
      ),
    ];
  },
};

/** The bundle a run used, else its commit. */
export async function codeOfRun(
  db: ReadDatabase,
  run: { commit_sha: string | null; bundle: string | null },
): Promise<Group[]> {
  const bundle = run.bundle === null ? undefined : await findBundle(db, run.bundle);
  if (bundle) return [group('bundle', 'ran as', [bundleNode(bundle)])];
  const commit = run.commit_sha === null ? undefined : await findCommit(db, run.commit_sha);
  return commit ? [group('commit', 'ran as', [commitNode(commit)])] : [];
}
