import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventsAfter } from '../../src/events/event-store.ts';
import { moveAlias } from '../../src/registry/actions/move-alias.ts';
import { registerVersion } from '../../src/registry/actions/register-version.ts';
import { setVersionState } from '../../src/registry/registry-store.ts';
import { insertTrackedRun, logArtifacts } from '../../src/tracking/tracking-store.ts';
import { lateProject, modelFolder, succeedRun } from '../harness/produce-model.ts';
import { startScreens } from '../harness/start-screens.ts';
import { callMlflow, type Answer, type Item } from '../harness/call-mlflow.ts';

let server: Awaited<ReturnType<typeof startScreens>>;
let serial = 0;
let name = '';

beforeAll(async () => {
  server = await startScreens({ empty: true });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  serial += 1;
  name = `model-${serial}`;
});

const call = (method: string, path: string, fields: object = {}): Promise<Answer> =>
  callMlflow(server.url, method, path, fields);

async function made(versions: number, source = 's3://elsewhere/model'): Promise<void> {
  await call('POST', 'registered-models/create', { name });
  for (let i = 0; i < versions; i += 1)
    await call('POST', 'model-versions/create', { name, source });
}

const refused = (code: string, message: unknown): object => ({
  body: { error_code: code, message },
});

describe('models', () => {
  test('are made once, described, tagged, renamed and deleted', async () => {
    const first = await call('POST', 'registered-models/create', {
      name,
      tags: [{ key: 'team', value: 'delays' }],
      description: 'Late arrivals',
    });
    expect(first).toMatchObject({
      status: 200,
      body: {
        registered_model: {
          name,
          description: 'Late arrivals',
          tags: [{ key: 'team', value: 'delays' }],
        },
      },
    });
    expect(first.body.registered_model.creation_timestamp).toBe(
      first.body.registered_model.last_updated_timestamp,
    );
    expect(await call('POST', 'registered-models/create', { name })).toMatchObject({
      status: 400,
      ...refused('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`),
    });
    await call('POST', 'registered-models/set-tag', { name, key: 'team', value: 'ops' });
    await call('POST', 'registered-models/set-tag', { name, key: 'empty' });
    await call('PATCH', 'registered-models/update', { name, description: 'Delays' });
    await call('POST', 'model-versions/create', { name, source: 's3://x/y' });
    await call('POST', 'registered-models/alias', { name, alias: 'best', version: '1' });
    expect(
      (await call('POST', 'registered-models/rename', { name, new_name: `${name}-b` })).status,
    ).toBe(200);
    const renamed = await call('GET', 'registered-models/get', { name: `${name}-b` });
    expect(renamed.body.registered_model).toMatchObject({
      description: 'Delays',
      aliases: [{ alias: 'best', version: '1' }],
      latest_versions: [{ name: `${name}-b`, version: '1', current_stage: 'None' }],
      tags: [
        { key: 'empty', value: '' },
        { key: 'team', value: 'ops' },
      ],
    });
    expect(await call('GET', 'registered-models/get', { name })).toMatchObject({
      status: 404,
      ...refused('RESOURCE_DOES_NOT_EXIST', `Registered Model with name=${name} not found`),
    });
    expect((await call('DELETE', 'registered-models/delete', { name: `${name}-b` })).status).toBe(
      200,
    );
    expect((await call('GET', 'registered-models/get', { name: `${name}-b` })).status).toBe(404);
  });

  test.each([
    [{}, "Missing value for required parameter 'name'."],
    [{ name: '' }, "Missing value for required parameter 'name'."],
    [{ name: 'a/b' }, "Invalid model name 'a/b'. Names cannot contain '/' or ':'."],
    [{ name: '..' }, 'must not resolve to other names'],
    [{ name: 7 }, "Invalid value 7 for parameter 'name' supplied"],
    [{ name: 'x', tags: [{ value: 'v' }] }, "Missing value for required parameter 'tags[0].key'"],
    [
      { name: 'x', tags: [{ key: 'a;b', value: 'v' }] },
      'Invalid value "a;b" for parameter \'key\'',
    ],
  ])('%j is no model', async (fields, message) => {
    expect(await call('POST', 'registered-models/create', fields)).toMatchObject({
      status: 400,
      ...refused('INVALID_PARAMETER_VALUE', expect.stringContaining(message)),
    });
  });
});

describe('versions', () => {
  test('are numbered on for ever, also after one was deleted', async () => {
    await made(2);
    expect((await call('DELETE', 'model-versions/delete', { name, version: '2' })).status).toBe(
      200,
    );
    const third = await call('POST', 'model-versions/create', { name, source: 's3://x/y' });
    expect(third.body.model_version).toMatchObject({ version: '3', status: 'READY' });
    expect(await call('GET', 'model-versions/get', { name, version: '2' })).toMatchObject({
      status: 404,
      ...refused('RESOURCE_DOES_NOT_EXIST', `Model Version (name=${name}, version=2) not found`),
    });
    expect(await call('GET', 'model-versions/get', { name, version: 'two' })).toMatchObject({
      status: 400,
      ...refused('INVALID_PARAMETER_VALUE', "Parameter 'version' must be an integer, got 'two'."),
    });
  });

  test('concurrent registrations get numbers of their own', async () => {
    await made(0);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call('POST', 'model-versions/create', { name, source: 's3://x/y' }),
      ),
    );
    const numbers = answers.map((answer) => Number(answer.body.model_version.version));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('aliases, tags, descriptions and stages', async () => {
    await made(3);
    await call('POST', 'registered-models/alias', { name, alias: 'best', version: '2' });
    await call('POST', 'model-versions/set-tag', { name, version: '2', key: 'k', value: 'v' });
    await call('PATCH', 'model-versions/update', { name, version: '2', description: 'two' });
    expect(
      (await call('GET', 'registered-models/alias', { name, alias: 'best' })).body,
    ).toMatchObject({
      model_version: {
        version: '2',
        description: 'two',
        tags: [{ key: 'k', value: 'v' }],
        aliases: ['best'],
      },
    });
    await call('POST', 'registered-models/alias', { name, alias: 'best', version: '3' });
    await call('DELETE', 'model-versions/delete-tag', { name, version: '2', key: 'k' });
    const two = await call('GET', 'model-versions/get', { name, version: '2' });
    expect(two.body.model_version.tags).toBeUndefined();
    expect(two.body.model_version.aliases).toBeUndefined();
    await call('DELETE', 'registered-models/alias', { name, alias: 'best' });
    expect(await call('GET', 'registered-models/alias', { name, alias: 'best' })).toMatchObject({
      status: 400,
      ...refused('INVALID_PARAMETER_VALUE', 'Registered model alias best not found.'),
    });
    const latest = await call('GET', 'registered-models/alias', { name, alias: 'Latest' });
    expect(latest.body.model_version.version).toBe('3');
    const stage = (version: string, to: string, archive = false): Promise<Answer> =>
      call('POST', 'model-versions/transition-stage', {
        name,
        version,
        stage: to,
        archive_existing_versions: archive,
      });
    await stage('1', 'staging');
    await stage('2', 'Staging', true);
    expect((await stage('3', 'Best')).body.message).toBe(
      'Invalid Model Version stage: Best. Value must be one of None, Staging, Production, Archived.',
    );
    const versions = await call('POST', 'registered-models/get-latest-versions', { name });
    expect(
      versions.body.model_versions?.map((one: Item) => [one.version, one.current_stage]),
    ).toEqual([
      ['1', 'Archived'],
      ['2', 'Staging'],
      ['3', 'None'],
    ]);
    const staged = await call('GET', 'registered-models/get-latest-versions', {
      name,
      stages: ['staging'],
    });
    expect(staged.body.model_versions).toHaveLength(1);
  });

  test.each([
    ['', 400],
    ['latest', 400],
    ['v12', 400],
    ['a b', 400],
    ['a'.repeat(256), 400],
    ['v', 200],
    ['prod-eu_1', 200],
  ])('the alias "%s" is answered %i', async (alias, status) => {
    await made(1);
    const answer = await call('POST', 'registered-models/alias', { name, alias, version: '1' });
    expect(answer.status).toBe(status);
  });

  test.each([
    ['/etc/passwd', 'local path'],
    ['file:///etc/passwd', 'local path'],
    ['mlflow-artifacts:/1/../../etc', 'without relative path references'],
    ['mlflow-artifacts:/1/..%252f..%252fetc', 'without relative path references'],
    ['runs:/abc/model', 'The run_id request parameter must identify'],
    ['models:/m-1234', 'The model_id request parameter must identify'],
    ['models:/', 'The model_id request parameter must identify'],
    ['mlflow-artifacts:/1/abc/artifacts/model', 'The run_id request parameter must identify'],
  ])('the source %s is refused', async (source, message) => {
    await made(0);
    expect(await call('POST', 'model-versions/create', { name, source })).toMatchObject({
      status: 400,
      ...refused('INVALID_PARAMETER_VALUE', expect.stringContaining(message)),
    });
  });
});

describe('search', () => {
  test('filters by names, tags and runs, in the order asked for, page by page', async () => {
    for (const [index, suffix] of ['A', 'a', 'b'].entries()) {
      await call('POST', 'registered-models/create', {
        name: `${name}${suffix}`,
        tags: index === 0 ? [] : [{ key: 'n', value: String(index) }],
      });
    }
    const names = async (filter: string, more: object = {}): Promise<string[]> => {
      const answer = await call('GET', 'registered-models/search', { filter, ...more });
      return (answer.body.registered_models ?? []).map((one: Item) => one.name.slice(name.length));
    };
    expect(await names(`name LIKE '${name}%'`)).toEqual(['A', 'a', 'b']);
    expect(await names(`name LIKE '${name}a%'`)).toEqual(['a']);
    expect(await names(`name ILIKE '${name}A%'`)).toEqual(['A', 'a']);
    expect(await names(`name LIKE '${name}%' AND tags.n != '1'`)).toEqual(['b']);
    expect(await names(`name IN ('${name}a', '${name}b')`, { order_by: 'name DESC' })).toEqual([
      'b',
      'a',
    ]);
    const prompt = "AND tag.`mlflow.prompt.is_prompt` != 'true'";
    expect(await names(`name LIKE '${name}%' ${prompt}`)).toEqual(['A', 'a', 'b']);
    const first = await call('GET', 'registered-models/search', {
      filter: `name LIKE '${name}%'`,
      max_results: 2,
    });
    expect(first.body.registered_models).toHaveLength(2);
    expect(
      await names(`name LIKE '${name}%'`, {
        max_results: 2,
        page_token: first.body.next_page_token,
      }),
    ).toEqual(['b']);
    for (const [fields, message] of [
      [{ max_results: 1001 }, 'It must be at most 1000'],
      [{ filter: "nam = 'x'" }, 'Invalid attribute key'],
      [{ filter: 'name = 5' }, 'Expected a quoted string value'],
      [{ order_by: 'creation_timestamp DESC' }, "Invalid order by key 'creation_timestamp'"],
      [{ page_token: 'x' }, 'Invalid page token'],
    ] as const) {
      expect(await call('GET', 'registered-models/search', fields)).toMatchObject({
        status: 400,
        ...refused('INVALID_PARAMETER_VALUE', expect.stringContaining(message)),
      });
    }
  });

  test('prompts are found only when asked for', async () => {
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    await call('POST', 'registered-models/create', { name, tags });
    await call('POST', 'model-versions/create', { name, source: 'dummy-source', tags });
    const filter = `name = '${name}'`;
    const asked = `${filter} AND tags.\`mlflow.prompt.is_prompt\` = 'true'`;
    expect((await call('GET', 'registered-models/search', { filter })).body).toEqual({});
    expect((await call('GET', 'model-versions/search', { filter })).body).toEqual({});
    expect(
      (await call('GET', 'registered-models/search', { filter: asked })).body.registered_models,
    ).toHaveLength(1);
    expect(
      (await call('GET', 'model-versions/search', { filter: asked })).body.model_versions,
    ).toHaveLength(1);
    const shown = (await (await fetch(`${server.url}/api/views/models`)).json()) as {
      items: { model: string }[];
    };
    expect(shown.items.map((item) => item.model)).not.toContain(name);
    expect(
      await call('POST', 'model-versions/create', { name, source: 's3://x', tags }),
    ).toMatchObject(
      refused('INVALID_PARAMETER_VALUE', expect.stringContaining('Invalid prompt source')),
    );
  });

  test('versions by number, run and source; the last changed first', async () => {
    await made(3);
    server.ctx.calendar.advance({
      nowMs: server.ctx.calendar.nowMs() + 1000,
      untilMs: server.ctx.calendar.nowMs() + 2000,
    });
    await call('PATCH', 'model-versions/update', { name, version: '1', description: 'x' });
    const numbers = async (filter: string, more: object = {}): Promise<string[]> => {
      const answer = await call('GET', 'model-versions/search', {
        filter: `name = '${name}'${filter}`,
        ...more,
      });
      return (answer.body.model_versions ?? []).map((one: Item) => one.version);
    };
    expect(await numbers('')).toEqual(['1', '3', '2']);
    expect(await numbers(' AND version_number >= 2')).toEqual(['3', '2']);
    expect(await numbers('', { order_by: ['version_number ASC'] })).toEqual(['1', '2', '3']);
    expect(await numbers(" AND source_path LIKE 's3://%'")).toEqual(['1', '3', '2']);
    expect(await numbers(" AND run_id = 'none'")).toEqual([]);
  });
});

describe('what clients register', () => {
  async function trackedRun(runId: string, origin: 'pipeline' | 'client'): Promise<void> {
    const { ctx } = server;
    const model = await ctx.blobs.put('flavors: {}\n');
    await ctx.db.transaction().execute(async (tx) => {
      await insertTrackedRun(tx, {
        runId,
        experimentId: '0',
        name: 'r',
        parentRunId: null,
        startTimeMs: 1,
        tags: {},
        params: {},
      });
      await tx.updateTable('runs').set({ origin }).where('run_id', '=', runId).execute();
      await logArtifacts(tx, runId, [{ path: 'model/MLmodel', ...model }]);
    });
  }

  test('is an orphan without a run, ad hoc with its own, and stays as it was registered', async () => {
    const { ctx } = server;
    await made(1);
    await trackedRun(`run${serial}`, 'client');
    const source = `runs:/run${serial}/model`;
    const body = (
      await call('POST', 'model-versions/create', { name, source, run_id: `run${serial}` })
    ).body.model_version;
    expect(body).toMatchObject({ version: '2', source, run_id: `run${serial}`, status: 'READY' });
    const uri = await call('GET', 'model-versions/get-download-uri', { name, version: '2' });
    expect(uri.body.artifact_uri).toBe(`mlflow-artifacts:/registered/${name}/2`);
    const elsewhere = await call('GET', 'model-versions/get-download-uri', { name, version: '1' });
    expect(elsewhere.body.artifact_uri).toBe('s3://elsewhere/model');
    const before = await fetch(`${server.url}/api/models/${name}/versions/2/files/MLmodel`);
    const changed = await ctx.blobs.put('flavors: { changed: {} }\n');
    await ctx.db
      .transaction()
      .execute((tx) => logArtifacts(tx, `run${serial}`, [{ path: 'model/MLmodel', ...changed }]));
    const after = await fetch(`${server.url}/api/models/${name}/versions/2/files/MLmodel`);
    expect(await after.text()).toBe(await before.text());
    const view = async (version: string): Promise<unknown> =>
      (await fetch(`${server.url}/api/models/${name}/versions/${version}`)).json();
    expect(await view('1')).toMatchObject({
      origin: 'orphan',
      state: 'registered',
      runId: null,
      reason: expect.stringContaining('Orphan: no run produced it'),
    });
    expect(await view('2')).toMatchObject({
      origin: 'ad-hoc',
      state: 'registered',
      reason: expect.stringContaining('Ad hoc'),
    });
    const events = await eventsAfter(ctx.db, {
      position: 0,
      types: ['model.version-registered'],
      limit: 1000,
    });
    expect(
      events.filter((event) => event.data.model === name).map((event) => event.data.origin),
    ).toEqual(['orphan', 'ad-hoc']);
    for (const alias of ['champion', 'challenger']) {
      for (const [version, word] of [
        ['1', 'is an orphan'],
        ['2', 'is ad hoc'],
      ] as const) {
        expect(
          await call('POST', 'registered-models/alias', { name, alias, version }),
        ).toMatchObject({
          status: 403,
          ...refused('PERMISSION_DENIED', expect.stringContaining(word)),
        });
      }
    }
  });

  test('a copy is the same folder, and inherits where it came from', async () => {
    await made(0);
    await trackedRun(`run${serial}`, 'client');
    const run = { run_id: `run${serial}` };
    await call('POST', 'model-versions/create', {
      name,
      source: `runs:/run${serial}/model`,
      ...run,
    });
    await call('POST', 'registered-models/create', { name: `${name}-copy` });
    const copy = await call('POST', 'model-versions/create', {
      name: `${name}-copy`,
      source: `models:/${name}/latest`,
    });
    expect(copy.body.model_version).toMatchObject({ source: `models:/${name}/1`, ...run });
    const digests = await server.ctx.db
      .selectFrom('model_versions')
      .select('digest')
      .where('model', 'in', [name, `${name}-copy`])
      .execute();
    expect(new Set(digests.map((row) => row.digest)).size).toBe(1);
  });
});

describe('what the project carries', () => {
  test('champion, names and versions in use are kept from clients', async () => {
    const { ctx } = server;
    ctx.define(lateProject({}));
    const register = async (runId: string, weight: number): Promise<void> => {
      const modelTree = await modelFolder(ctx, { weight });
      const produced = await succeedRun(ctx, { runId, modelTree });
      await registerVersion(ctx, { runId, produced });
    };
    for (const number of [1, 2, 3]) await register(`run_${number}`, number);
    await ctx.db.transaction().execute(async (tx) => {
      const move = { model: 'late', atMs: 1 };
      await setVersionState(tx, { ...move, version: '1', state: 'champion', reason: 'Passed.' });
      await setVersionState(tx, {
        ...move,
        version: '2',
        state: 'refused',
        reason: 'Refused by beats: log-loss 0.4 against 0.3.',
      });
      await setVersionState(tx, { ...move, version: '3', state: 'releasing', reason: 'Canary.' });
      await moveAlias(ctx, tx, { ...move, alias: 'champion', version: '1', reason: 'promoted' });
    });
    name = 'late';
    const denied = async (method: string, path: string, fields: object): Promise<string> => {
      const answer = await call(method, path, { name, ...fields });
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
      return answer.body.message;
    };
    expect(
      await denied('POST', 'registered-models/alias', { alias: 'champion', version: '2' }),
    ).toContain('Refused by beats: log-loss 0.4 against 0.3. A version goes to champion through');
    expect(await denied('DELETE', 'registered-models/alias', { alias: 'champion' })).toContain(
      'rondo rollback',
    );
    expect(
      await denied('POST', 'model-versions/transition-stage', {
        version: '2',
        stage: 'production',
      }),
    ).toContain('was refused');
    expect(await denied('DELETE', 'model-versions/delete', { version: '1' })).toContain('serves');
    expect(await denied('DELETE', 'model-versions/delete', { version: '3' })).toContain(
      'in a release',
    );
    expect(await denied('DELETE', 'registered-models/delete', {})).toContain('serves');
    expect(await denied('POST', 'registered-models/rename', { new_name: 'other' })).toContain(
      'rondo.yaml',
    );
    const same = await call('POST', 'registered-models/alias', {
      name,
      alias: 'champion',
      version: '1',
    });
    expect(same.status).toBe(200);
    const free = await call('POST', 'registered-models/alias', {
      name,
      alias: 'shadow',
      version: '2',
    });
    expect(free.status).toBe(200);
    expect((await call('DELETE', 'model-versions/delete', { name, version: '2' })).status).toBe(
      200,
    );
    const found = await call('GET', 'model-versions/search', { filter: "name = 'late'" });
    expect(
      found.body.model_versions?.map((one: Item) => [one.version, one.run_id, one.source]),
    ).toEqual([
      ['3', 'run_3', 'mlflow-artifacts:/registered/late/3'],
      ['1', 'run_1', 'mlflow-artifacts:/registered/late/1'],
    ]);
    const next = await call('POST', 'model-versions/create', { name, source: 's3://x/y' });
    expect(next.body.model_version.version).toBe('4');
  });
});
