import {
  readMetricHistories,
  readMetricHistory,
  readMetricSamples,
} from '../../../tracking/actions/read-metric-history.ts';
import { invalid } from '../../../tracking/validate.ts';
import { mlflowRoute, RawJson, type MlflowRoute } from '../route.ts';
import { historyJson } from './json.ts';

const MOST_RUNS = 100;
const MOST_PER_RUN = 2500;
const MOST_POINTS = 25_000;

/** Histories of metrics. */
export const metricRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'GET',
    path: 'metrics/get-history',
    summary: 'All values of a metric of a run, or a page of them',
    fields: { run_id: 'string!', metric_key: 'string!', max_results: 'int', page_token: 'string' },
    async handle({ ctx, fields }) {
      const { points, next } = await readMetricHistory(ctx, {
        runId: fields.run_id,
        key: fields.metric_key,
        maxResults: fields.max_results,
        pageToken: fields.page_token,
      });
      const token = next === null ? '' : `,"next_page_token":${JSON.stringify(next)}`;
      return new RawJson(points.length === 0 ? '{}' : `{"metrics":${historyJson(points)}${token}}`);
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'metrics/get-history-bulk-interval',
    summary: 'For each of some runs up to 2,500 values of a metric, spread over its history',
    fields: {
      run_ids: 'strings!',
      metric_key: 'string!',
      start_step: 'int',
      end_step: 'int',
      max_results: 'int',
    },
    async handle({ ctx, fields }) {
      const { run_ids, start_step, end_step } = fields;
      const limit = fields.max_results ?? MOST_PER_RUN;
      if (run_ids.length > MOST_RUNS) {
        throw invalid(
          `GetMetricHistoryBulkInterval request must specify at most ${MOST_RUNS} run_ids. Received ${run_ids.length} run_ids.`,
        );
      }
      if (limit < 1 || limit > MOST_PER_RUN)
        throw invalid(`max_results must be between 1 and ${MOST_PER_RUN}.`);
      if ((start_step === undefined) !== (end_step === undefined)) {
        throw invalid('If either start step or end step are specified, both must be specified.');
      }
      const points = await readMetricSamples(ctx, {
        runIds: run_ids,
        key: fields.metric_key,
        limit,
        steps:
          start_step === undefined || end_step === undefined
            ? null
            : { first: start_step, last: end_step },
      });
      return new RawJson(points.length === 0 ? '{}' : `{"metrics":${historyJson(points, true)}}`);
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'metrics/get-history-bulk',
    ajaxOnly: true,
    summary: 'Values of a metric of some runs',
    fields: { run_id: 'strings', metric_key: 'string', max_results: 'int' },
    async handle({ ctx, fields }) {
      const runIds = fields.run_id ?? [];
      if (runIds.length === 0)
        throw invalid('GetMetricHistoryBulk request must specify at least one run_id.');
      if (runIds.length > MOST_RUNS) {
        throw invalid(
          `GetMetricHistoryBulk request cannot specify more than ${MOST_RUNS} run_ids. Received ${runIds.length} run_ids.`,
        );
      }
      if (fields.metric_key === undefined)
        throw invalid('GetMetricHistoryBulk request must specify a metric_key.');
      const points = await readMetricHistories(ctx, {
        runIds,
        key: fields.metric_key,
        limit: Math.min(fields.max_results ?? MOST_POINTS, MOST_POINTS),
      });
      return new RawJson(`{"metrics":${historyJson(points, true)}}`);
    },
  }),
];
