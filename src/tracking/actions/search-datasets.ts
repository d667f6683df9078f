import type { Context } from '../../context.ts';
import { inList } from '../../storage/database/in-list.ts';
import { experimentIdOf, invalid } from '../validate.ts';

export type DatasetSummary = {
  experimentId: string;
  name: string;
  digest: string;
  context: string | null;
};

/** Datasets that runs of some experiments read, with what for; at most 1,000. */
export async function searchDatasets(
  ctx: Pick<Context, 'db'>,
  experimentIds: readonly string[],
): Promise<DatasetSummary[]> {
  if (experimentIds.length === 0)
    throw invalid('SearchDatasets request must specify at least one experiment_id.');
  if (experimentIds.length > 20) {
    throw invalid(
      `SearchDatasets request cannot specify more than 20 experiment_ids. Received ${experimentIds.length} experiment_ids.`,
    );
  }
  const rows = await ctx.db
    .selectFrom('tracked_datasets')
    .innerJoin('run_inputs', 'run_inputs.dataset_id', 'tracked_datasets.dataset_id')
    .leftJoin('run_input_tags', (join) =>
      join
        .onRef('run_input_tags.run_id', '=', 'run_inputs.run_id')
        .onRef('run_input_tags.dataset_id', '=', 'run_inputs.dataset_id')
        .on('run_input_tags.key', '=', 'mlflow.data.context'),
    )
    .select([
      'tracked_datasets.experiment_id as experimentId',
      'tracked_datasets.name as name',
      'tracked_datasets.digest as digest',
      'run_input_tags.value as context',
    ])
    .where(
      'tracked_datasets.experiment_id',
      'in',
      inList(ctx.db, experimentIds.map(experimentIdOf)),
    )
    .distinct()
    .orderBy('experimentId')
    .orderBy('name')
    .orderBy('digest')
    .limit(1000)
    .execute();
  return rows;
}
