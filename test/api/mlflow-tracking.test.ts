import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunView } from '../../src/contract/views/runs-view.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const PROJECT = { 'rondo.yaml': 'rondo: 1\nproject: tracking\n' };
type Answer = { status: number; body: Record<string, unknown>; text: string; type: string };

/** Asks as a bare HTTP client: the path is sent as it is written. */
function ask(
  base: string,
  method: string,
  path: string,
  options: { json?: unknown; raw?: Uint8Array | string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const url = new URL(base);
  const payload = options.json === undefined ? options.raw : JSON.stringify(options.json);
  const sent = request(
    {
      host: url.hostname,
      port: url.port,
      method,
      path,
      headers: {
        ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
        ...options.headers,
      },
    },
    (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const type = response.headers['content-type'] ?? '';
        const body = type.startsWith('application/json')
          ? (JSON.parse(text) as Record<string, unknown>)
          : {};
        resolve({ status: response.statusCode ?? 0, body, text, type });
      });
    },
  );
  sent.on('error', reject);
  sent.end(payload);
  return promise;
}

describe('MLflow tracking over HTTP', () => {
  let rondo: RunningRondo;
  beforeAll(async () => {
    rondo = await startRondo({ files: PROJECT });
  });
  afterAll(async () => {
    await rondo.stop();
  });
  const get = (path: string) => ask(rondo.url, 'GET', `/api/2.0/mlflow/${path}`);
  const post = (path: string, json: unknown) =>
    ask(rondo.url, 'POST', `/api/2.0/mlflow/${path}`, { json });
  const newRun = async (experiment = '0'): Promise<string> => {
    const { body } = await post('runs/create', { experiment_id: experiment, start_time: 1 });
    return (body.run as { info: { run_id: string } }).info.run_id;
  };
  const record = async (runId: string) => {
    const { body } = await get(`runs/get?run_id=${runId}`);
    const { data } = body.run as { data: Record<string, { key: string; value: unknown }[]> };
    const entries = (list: { key: string; value: unknown }[] | undefined) =>
      Object.fromEntries((list ?? []).map(({ key, value }) => [key, value]));
    return {
      metrics: entries(data.metrics),
      params: entries(data.params),
      tags: entries(data.tags),
    };
  };

  test('the default experiment is there; both spellings of an address give the same', async () => {
    const expected = {
      experiment: {
        experiment_id: '0',
        name: 'Default',
        artifact_location: 'mlflow-artifacts:/0',
        lifecycle_stage: 'active',
        creation_time: expect.any(Number) as number,
        last_update_time: expect.any(Number) as number,
      },
    };
    for (const root of ['api', 'ajax-api']) {
      const path = `/${root}/2.0/mlflow/experiments/get?experiment_id=0`;
      expect((await ask(rondo.url, 'GET', path)).body).toEqual(expected);
    }
  });

  test('what is missing or of the wrong type is named as MLflow names it', async () => {
    const see = ' See the API docs for more information about request parameters.';
    const cases: [string, unknown, string][] = [
      ['experiments/create', {}, `Missing value for required parameter 'name'.${see}`],
      ['experiments/create', { name: '' }, `Missing value for required parameter 'name'.${see}`],
      [
        'experiments/create',
        { name: 123 },
        `Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'.${see}`,
      ],
      ['runs/log-metric', { run_id: 'a' }, `Missing value for required parameter 'key'.${see}`],
      [
        'runs/log-metric',
        { run_id: 'a', key: 'k', value: true, timestamp: 1 },
        `Invalid value true for parameter 'value' supplied:  Hint: Value was of type 'bool'.${see}`,
      ],
      [
        'runs/log-batch',
        { run_id: 'a', metrics: [{ key: 'm', value: 1 }] },
        `Missing value for required parameter 'metrics[0].timestamp'.${see}`,
      ],
      [
        'runs/log-batch',
        { run_id: 'a', metrics: 'many' },
        `Invalid value "many" for parameter 'metrics' supplied:  Hint: Value was of type 'str'.${see}`,
      ],
      [
        'runs/search',
        { experiment_ids: '0' },
        `Invalid value "0" for parameter 'experiment_ids' supplied:  Hint: Value was of type 'str'.${see}`,
      ],
    ];
    for (const [path, json, message] of cases) {
      const { status, body } = await post(path, json);
      expect({ status, body }).toEqual({
        status: 400,
        body: { error_code: 'INVALID_PARAMETER_VALUE', message },
      });
    }
    const float = await ask(rondo.url, 'POST', '/api/2.0/mlflow/experiments/create', {
      raw: '{"tags": [{"artifact_location": 1}], "name": "x", "artifact_location": 9.0}',
      headers: { 'content-type': 'application/json' },
    });
    expect(float.body.message).toBe(
      `Invalid value 9.0 for parameter 'artifact_location' supplied:  Hint: Value was of type 'float'.${see}`,
    );
    const broken = await ask(rondo.url, 'POST', '/api/2.0/mlflow/runs/create', {
      raw: '{"a":',
      headers: { 'content-type': 'application/json' },
    });
    expect(broken).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } });
  });

  test('numbers may come as text, the run under its old name, the body encoded twice', async () => {
    const runId = await newRun();
    const given = { run_uuid: runId, key: 'm', value: '0.5', timestamp: '7', step: '3' };
    expect((await post('runs/log-metric', given)).text).toBe('{}');
    const twice = JSON.stringify({ ...given, run_id: runId, key: 'n', value: 'NaN' });
    expect((await post('runs/log-metric', twice)).text).toBe('{}');
    expect((await record(runId)).metrics).toEqual({ m: 0.5, n: 'NaN' });
    const { body } = await get(`metrics/get-history?run_uuid=${runId}&metric_key=m`);
    expect(body).toEqual({ metrics: [{ key: 'm', value: 0.5, timestamp: 7, step: 3 }] });
  });

  test('an unknown address of the protocol is ENDPOINT_NOT_FOUND', async () => {
    for (const path of ['/api/2.0/mlflow/traces', '/api/3.0/mlflow/gateway/endpoints/list']) {
      expect(await ask(rondo.url, 'POST', path, { json: {} })).toMatchObject({
        status: 404,
        body: { error_code: 'ENDPOINT_NOT_FOUND' },
      });
    }
  });

  test('a batch is written whole or not at all, and again without a trace', async () => {
    const runId = await newRun();
    await post('runs/log-parameter', { run_id: runId, key: 'p', value: '1' });
    const batch = {
      run_id: runId,
      metrics: [{ key: 'm', value: 1, timestamp: 1, step: 1 }],
      params: [
        { key: 'new', value: 'x' },
        { key: 'p', value: '2' },
      ],
      tags: [{ key: 't', value: 'v' }],
    };
    const refused = await post('runs/log-batch', batch);
    expect(refused.body.message).toContain('Changing param values is not allowed');
    const before = await record(runId);
    expect(before.params).toEqual({ p: '1' });
    expect(before.metrics).toEqual({});
    expect(before.tags).not.toHaveProperty('t');
    const good = { ...batch, params: [{ key: 'new', value: 'x' }] };
    for (let time = 0; time < 3; time += 1)
      expect((await post('runs/log-batch', good)).text).toBe('{}');
    const history = await get(`metrics/get-history?run_id=${runId}&metric_key=m`);
    expect(history.body.metrics).toHaveLength(1);
    expect(await record(runId)).toMatchObject({ params: { p: '1', new: 'x' }, tags: { t: 'v' } });
  });

  test('limits of a batch', async () => {
    const runId = await newRun();
    const points = (count: number) =>
      Array.from({ length: count }, (_, step) => ({ key: 'm', value: 1, timestamp: 1, step }));
    const pairs = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));
    for (const [batch, what] of [
      [{ metrics: points(1001) }, 'at most 1000 metrics. Got 1001'],
      [{ params: pairs(101) }, 'at most 100 params. Got 101'],
      [{ tags: pairs(101) }, 'at most 100 tags. Got 101'],
      [
        { metrics: points(950), params: pairs(51) },
        'at most 1000 metrics, params, and tags. Got 1001',
      ],
    ] as const) {
      const { status, body } = await post('runs/log-batch', { run_id: runId, ...batch });
      expect([status, body.message]).toEqual([400, expect.stringContaining(what) as string]);
    }
  });

  test('64 writers of one run lose no point, and none is refused', async () => {
    const runId = await newRun();
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, writer) =>
        post('runs/log-batch', {
          run_id: runId,
          metrics: Array.from({ length: 50 }, (_unused, index) => ({
            key: `m${index % 5}`,
            value: writer,
            timestamp: writer,
            step: index,
          })),
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (let key = 0; key < 5; key += 1) {
      const { body } = await get(`metrics/get-history?run_id=${runId}&metric_key=m${key}`);
      expect(body.metrics).toHaveLength(640);
    }
    expect((await record(runId)).metrics).toEqual({ m0: 63, m1: 63, m2: 63, m3: 63, m4: 63 });
  });

  test('pages of a search meet without gap while runs are added; a strange token is refused', async () => {
    const { body } = await post('experiments/create', { name: 'pages' });
    const experiment = body.experiment_id as string;
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) made.push(await newRun(experiment));
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await post('runs/search', {
        experiment_ids: [experiment],
        max_results: 2,
        ...(token === undefined ? {} : { page_token: token }),
      });
      const runs = (page.body.runs ?? []) as { info: { run_id: string } }[];
      seen.push(...runs.map(({ info }) => info.run_id));
      token = page.body.next_page_token as string | undefined;
      // A newer run does not move those that are still to come.
      await post('runs/create', { experiment_id: experiment, start_time: 100 + seen.length });
    } while (token !== undefined);
    expect(seen).toEqual(made.toSorted());
    for (const page_token of ['x', 'e30=', Buffer.from('{"after":[{}]}').toString('base64')]) {
      const search = { experiment_ids: [experiment], page_token };
      expect((await post('runs/search', search)).body).toMatchObject({
        error_code: 'INVALID_PARAMETER_VALUE',
      });
    }
  });

  test('histories of many runs for charts: samples keep the ends', async () => {
    const runs = [await newRun(), await newRun()];
    for (const run_id of runs) {
      const metrics = Array.from({ length: 500 }, (_, step) => ({
        key: 'm',
        value: step,
        timestamp: step,
        step,
      }));
      await post('runs/log-batch', { run_id, metrics });
    }
    const ids = runs.map((id) => `run_ids=${id}`).join('&');
    const { body } = await get(
      `metrics/get-history-bulk-interval?${ids}&metric_key=m&max_results=10`,
    );
    const points = body.metrics as { run_id: string; step: number }[];
    for (const run of runs) {
      const steps = points.filter(({ run_id }) => run_id === run).map(({ step }) => step);
      expect(steps).toHaveLength(10);
      expect([steps[0], steps.at(-1)]).toEqual([0, 499]);
    }
    const some = await get(
      `metrics/get-history-bulk-interval?run_ids=${runs[0]}&metric_key=m&start_step=5&end_step=8`,
    );
    expect((some.body.metrics as { step: number }[]).map(({ step }) => step)).toEqual([5, 6, 7, 8]);
    const half = await get(`metrics/get-history-bulk-interval?${ids}&metric_key=m&start_step=5`);
    expect(half.status).toBe(400);
  });

  describe('artifacts', () => {
    const proxy = '/api/2.0/mlflow-artifacts/artifacts';
    const put = (path: string, raw: Uint8Array | string) =>
      ask(rondo.url, 'PUT', `${proxy}/${path}`, { raw });

    test('are written below a run or a logged model alone, whatever the path looks like', async () => {
      const runId = await newRun();
      const root = `0/${runId}/artifacts`;
      expect((await put(`${root}/a.txt`, 'a')).status).toBe(200);
      for (const path of [
        `${root}/../../../etc/passwd`,
        `${root}/%2e%2e/up.txt`,
        `${root}/%252e%252e/up.txt`,
        `${root}/..%2fup.txt`,
        `${root}/..%5cup.txt`,
        `${root}/a%23b`,
        `${root}/a%00b`,
        '/etc/passwd',
        '%2fetc/passwd',
        'file.txt',
        '0/nobody/artifacts/file.txt',
        `1/${runId}/artifacts/file.txt`,
        `0/${runId}/file.txt`,
        `0/${runId}/artifacts`,
      ]) {
        const { status, body } = await put(path, 'x');
        expect([path, status, body.error_code]).toEqual([path, 400, 'INVALID_PARAMETER_VALUE']);
      }
      const listed = await ask(rondo.url, 'GET', `${proxy}?path=${root}`);
      expect(listed.body).toEqual({ files: [{ path: 'a.txt', is_dir: false, file_size: 1 }] });
    });

    test('a name is a file or a folder; bytes come back as no page a browser would run', async () => {
      const runId = await newRun();
      const root = `0/${runId}/artifacts`;
      const long = `${'x'.repeat(600)}.html`;
      expect((await put(`${root}/${long}`, '<script>')).status).toBe(200);
      const back = await ask(rondo.url, 'GET', `${proxy}/${root}/${long}`);
      expect([back.text, back.type]).toEqual(['<script>', 'text/plain; charset=utf-8']);
      await put(`${root}/d/f.bin`, 'x');
      expect((await put(`${root}/d`, 'x')).status).toBe(400);
      expect((await put(`${root}/d/f.bin/g`, 'x')).status).toBe(400);
      expect((await ask(rondo.url, 'GET', `${proxy}/${root}/d`)).body.message).toContain(
        'refers to a directory',
      );
      const list = await get(`artifacts/list?run_id=${runId}&path=d`);
      expect(list.body).toEqual({
        root_uri: `mlflow-artifacts:/${root}`,
        files: [{ path: 'd/f.bin', is_dir: false, file_size: 1 }],
      });
      expect((await ask(rondo.url, 'DELETE', `${proxy}/${root}/d`)).status).toBe(200);
      expect((await ask(rondo.url, 'GET', `${proxy}/${root}/d/f.bin`)).status).toBe(404);
      const file = await ask(rondo.url, 'GET', `/get-artifact?run_id=${runId}&path=${long}`);
      expect(file.text).toBe('<script>');
    });

    test('parts and signed addresses are declined as clients expect it', async () => {
      const base = '/api/2.0/mlflow-artifacts';
      const part = await ask(rondo.url, 'POST', `${base}/mpu/create/0/a/artifacts/f`, { json: {} });
      expect(part).toMatchObject({
        status: 501,
        body: {
          error_code: 'NOT_IMPLEMENTED',
          message: 'Multipart upload is not supported for the current artifact repository',
        },
      });
      expect((await ask(rondo.url, 'GET', `${base}/presigned/0/a/artifacts/f`)).status).toBe(501);
      expect((await post('artifacts/presigned-upload-url', {})).status).toBe(501);
      const info = await ask(rondo.url, 'GET', '/api/3.0/mlflow/server-info');
      expect(info.body).toMatchObject({
        store_type: 'SqlStore',
        multipart_uploads_enabled: false,
        multipart_downloads_enabled: false,
      });
    });
  });

  test('clients are told a version of MLflow, people that of Rondo', async () => {
    const headers = { 'user-agent': 'mlflow-python-client/3.17.2' };
    const { text, type } = await ask(rondo.url, 'GET', '/version', { headers });
    expect([text, type]).toEqual(['3.17.2', 'text/plain; charset=utf-8']);
    expect((await ask(rondo.url, 'GET', '/version')).body).toMatchObject({ name: 'rondo' });
  });

  test('a page of another site can log nothing', async () => {
    const { status, body } = await ask(rondo.url, 'POST', '/api/2.0/mlflow/runs/create', {
      json: {},
      headers: { origin: 'https://evil.example' },
    });
    expect([status, body.error_code]).toEqual([403, 'PERMISSION_DENIED']);
  });
});

const STEPS = `rondo: 1
project: steps
pipelines:
  train:
    steps:
      fit:
        run: node log.mjs
`;

/** What a step does without any client: it logs to the run it is, and tries more than it may. */
const LOG = `
const { MLFLOW_TRACKING_URI: uri, MLFLOW_RUN_ID: run_id, MLFLOW_EXPERIMENT_ID: id, MLFLOW_TRACKING_TOKEN: token } = process.env;
const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + token };
const post = async (path, body) => {
  const answer = await fetch(uri + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.status;
};
const logged = await post('/api/2.0/mlflow/runs/log-metric', { run_id, key: 'auc', value: 0.9, timestamp: 1 });
const put = await fetch(uri + '/api/2.0/mlflow-artifacts/artifacts/' + id + '/' + run_id + '/artifacts/note.txt', { method: 'PUT', headers: { authorization: headers.authorization }, body: 'hello' });
const started = await post('/api/runs', { pipeline: 'train' });
await post('/api/2.0/mlflow/runs/set-tag', { run_id, key: 'seen', value: [logged, put.status, started].join(' ') });
await post('/api/2.0/mlflow/runs/set-tag', { run_id, key: 'token', value: token });
if (process.argv.some((word) => word.includes(token))) process.exit(1);
`;

test('a step logs to its own run, with a token that ends with it, where the server asks for one', async () => {
  await using rondo = await startRondo({
    files: { 'rondo.yaml': STEPS, 'log.mjs': LOG },
    flags: ['--host', '0.0.0.0'],
    env: { RONDO_TOKEN: 'a-long-random-text-for-this-test' },
  });
  const base = rondo.url.replace('0.0.0.0', '127.0.0.1');
  const path = '/api/2.0/mlflow/runs/search';
  const search = (authorization: string, json: unknown) =>
    ask(base, 'POST', path, { json, headers: { authorization } });
  const basic = Buffer.from('anyone:a-long-random-text-for-this-test').toString('base64');
  expect((await ask(base, 'POST', path, { json: {} })).body).toMatchObject({
    error_code: 'UNAUTHENTICATED',
  });
  expect((await search('Bearer wrong', {})).status).toBe(401);
  expect((await search(`Basic ${basic}`, {})).status).toBe(200);
  const { runId } = await rondo.api.post<{ runId: string }>('/api/runs', { pipeline: 'train' });
  await expect
    .poll(async () => (await rondo.api.get<{ state: string }>(`/api/runs/${runId}`)).state, {
      timeout: 20_000,
    })
    .toBe('succeeded');
  const { body } = await search(`Basic ${basic}`, {
    experiment_ids: ['1'],
    filter: `tags.mlflow.parentRunId = '${runId}' AND metrics.auc > 0.8`,
  });
  const [step] = body.runs as {
    info: Record<string, string>;
    data: { tags: { key: string; value: string }[] };
  }[];
  const tags = Object.fromEntries(step?.data.tags.map(({ key, value }) => [key, value]) ?? []);
  expect(step?.info.status).toBe('FINISHED');
  const shown = await rondo.api.get<RunView>(`/api/views/runs/${step?.info.run_id}`);
  expect(shown.run.runId).toBe(runId);
  expect(tags.seen).toBe('200 200 401');
  expect((await search(`Bearer ${tags.token}`, {})).status).toBe(401);
});
