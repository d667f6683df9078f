import { countOf, type LineageKind } from '../lineage-kind.ts';
import { findDatasetVersion } from '../lineage-store.ts';
import { datasetNode, runNode } from '../nodes.ts';

export const datasetVersionKind: LineageKind = {
  kind: 'dataset-version',
  async find(db, id) {
    const row = await findDatasetVersion(db, id);
    return row && datasetNode(row);
  },
  up: () => Promise.resolve([]),
  async down(step, id) {
    const version = await findDatasetVersion(step.db, id);
    if (!version) return [];
    const readers = step.db
      .selectFrom('step_artifacts')
      .where('digest', '=', version.digest)
      .where('direction', '=', 'in')
      .where('kind', '=', 'dataset');
    const total = await readers
      .select((eb) => eb.fn.count<number | string>('run_id').distinct().as('count'))
      .executeTakeFirst();
    const newest = await readers
      .select('run_id')
      .distinct()
      .orderBy('run_id', 'desc')
      .limit(step.take('run'))
      .execute();
    const rows =
      newest.length === 0
        ? []
        : await step.db
            .selectFrom('pipeline_runs')
            .selectAll()
            .where(
              'run_id',
              'in',
              newest.map((row) => row.run_id),
            )
            .orderBy('run_id', 'desc')
            .execute();
    return [{ kind: 'run', label: 'was read by', nodes: rows.map(runNode), total: countOf(total) }];
  },
};
