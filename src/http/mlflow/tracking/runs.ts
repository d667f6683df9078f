import { Readable } from 'node:stream';
import { changeClientRun } from '../../../tracking/actions/change-client-run.ts';
import { createClientRun } from '../../../tracking/actions/create-client-run.ts';
import { readRun, searchRuns } from '../../../tracking/actions/read-runs.ts';
import type { RunRecord } from '../../../tracking/run-records-store.ts';
import { mlflowRoute, RawJson, type MlflowRoute } from '../route.ts';
import { readKeyValues, runInfoJson, runJson } from './json.ts';

/** Runs: their life and the search for them. */
export const runRoutes: readonly MlflowRoute[] = [
  mlflowRoute({
    method: 'POST',
    path: 'runs/create',
    summary: 'Makes a run; outside a pipeline it is ad hoc',
    fields: {
      experiment_id: 'string',
      user_id: 'string',
      run_name: 'string',
      start_time: 'int',
      tags: 'list',
    },
    handle: async ({ ctx, fields }) => ({
      run: runJson(
        await createClientRun(ctx, {
          experimentId: fields.experiment_id ?? '',
          userId: fields.user_id ?? '',
          name: fields.run_name ?? '',
          startTimeMs: fields.start_time ?? 0,
          tags: readKeyValues('tags', fields.tags),
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/update',
    summary: 'Ends or resumes a run, or gives it another name',
    fields: { run_id: 'string!', status: 'enum', end_time: 'int', run_name: 'string' },
    handle: async ({ ctx, fields }) => ({
      run_info: runInfoJson(
        await changeClientRun(ctx, fields.run_id, {
          kind: 'update',
          status: fields.status,
          endTimeMs: fields.end_time,
          name: fields.run_name,
        }),
      ),
    }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/delete',
    summary: 'Marks a run as deleted; it can be restored',
    fields: { run_id: 'string!' },
    async handle({ ctx, fields }) {
      await changeClientRun(ctx, fields.run_id, { kind: 'delete' });
    },
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/restore',
    summary: 'Restores a deleted run',
    fields: { run_id: 'string!' },
    async handle({ ctx, fields }) {
      await changeClientRun(ctx, fields.run_id, { kind: 'restore' });
    },
  }),
  mlflowRoute({
    method: 'GET',
    path: 'runs/get',
    summary: 'A run with its parameters, tags, inputs and the latest value of each metric',
    fields: { run_id: 'string!' },
    handle: async ({ ctx, fields }) => ({ run: runJson(await readRun(ctx, fields.run_id)) }),
  }),
  mlflowRoute({
    method: 'POST',
    path: 'runs/search',
    summary: 'Runs that meet a filter, in order; the runs of pipelines and of their steps too',
    fields: {
      experiment_ids: 'strings',
      filter: 'string',
      run_view_type: 'enum',
      max_results: 'int',
      order_by: 'strings',
      page_token: 'string',
    },
    async handle({ ctx, fields }) {
      const { pieces, next } = await searchRuns(ctx, {
        experimentIds: fields.experiment_ids ?? [],
        filter: fields.filter,
        order: fields.order_by,
        view: fields.run_view_type,
        maxResults: fields.max_results,
        pageToken: fields.page_token,
      });
      return new RawJson(Readable.from(runsJson(pieces, next), { objectMode: false }));
    },
  }),
];

/** The answer of a search, piece by piece. */
async function* runsJson(
  pieces: AsyncIterable<RunRecord[]>,
  next: string | null,
): AsyncGenerator<string> {
  let opened = false;
  for await (const piece of pieces) {
    const list = JSON.stringify(piece.map(runJson)).slice(1, -1);
    yield opened ? `,${list}` : `{"runs":[${list}`;
    opened = true;
  }
  const end = next === null ? '' : `"next_page_token":${JSON.stringify(next)}`;
  yield opened ? `]${end === '' ? '' : `,${end}`}}` : `{${end}}`;
}
