import { execFile, spawnSync } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageSignature } from '../../src/triggers/message.ts';
import { readGuides } from '../guide/guide-blocks.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

const SECRET = 'a-secret-of-this-trigger';
const SIGNING = 'another-secret-that-signs';
const TOKEN = 'the-token-of-the-server';

const PROJECT = `
rondo: 1
project: messages
pipelines:
  train:
    parameters: { rounds: 10 }
    steps: { fit: { run: "true", cache: false } }
    triggers:
      - { kind: message, secret_env: TRAIN_SECRET }
      - { kind: message, secret_env: TRAIN_SIGNING, signed: true }
`;

type Answer = {
  status: number;
  body: { state?: string; runId?: string | null; error?: { code: string; message: string } };
};

const run = promisify(execFile);
const hasPython = spawnSync('python3', ['--version']).status === 0;
const blocks = readGuides().flatMap((guide) => guide.blocks);

function blockOf(mark: string): string {
  return blocks.find((block) => block.mark === mark)?.text ?? '';
}

let rondo: RunningRondo;
beforeAll(async () => {
  rondo = await startRondo({
    files: { 'rondo.yaml': PROJECT },
    flags: ['--log-level', 'trace'],
    env: { RONDO_TOKEN: TOKEN, TRAIN_SECRET: SECRET, TRAIN_SIGNING: SIGNING },
  });
});
afterAll(() => rondo.stop());

async function send(
  body: string | undefined,
  headers: Record<string, string>,
  name = 'message',
): Promise<Answer> {
  const response = await fetch(`${rondo.url}/api/triggers/train/${name}/messages`, {
    method: 'POST',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const signed = (key: string, secret = SECRET): Record<string, string> => ({
  authorization: `Bearer ${secret}`,
  'idempotency-key': key,
});

async function refusal(answer: Promise<Answer>): Promise<[number, string | undefined]> {
  const { status, body } = await answer;
  return [status, body.error?.code];
}

describe('messages over HTTP', () => {
  test('carry the secret of their trigger: the token of the server is not asked for, and does not help', async () => {
    expect((await fetch(`${rondo.url}/api/triggers`)).status).toBe(401);
    expect(await refusal(send('{}', signed('a', TOKEN)))).toEqual([401, 'MESSAGE_REFUSED']);
    expect(await refusal(send('{}', { 'idempotency-key': 'a' }))).toEqual([401, 'MESSAGE_REFUSED']);
    // The name in the path is no way round the server's token.
    const elsewhere = await fetch(`${rondo.url}/api/triggers/train/message/fire`, {
      method: 'POST',
      headers: { ...signed('a'), 'content-type': 'application/json' },
      body: '{}',
    });
    expect(elsewhere.status).toBe(401);
    const foreign = send('{}', { ...signed('a'), origin: 'https://example.org' });
    expect((await refusal(foreign))[0]).toBe(403);
    const first = await send('{"parameters":{"rounds":3}}', signed('first'));
    expect(first).toMatchObject({ status: 200, body: { state: 'fired' } });
    const run = await rondo.api.get<{ cause: object; parameters: object }>(
      `/api/runs/${first.body.runId}`,
    );
    expect(run).toMatchObject({
      cause: { kind: 'message', key: 'first', trigger: 'train/message' },
      parameters: { rounds: 3 },
    });
    await finished();
    expect(await send(' { "parameters": { "rounds": 3 } }', signed('first'))).toEqual(first);
    expect(await refusal(send('{}', signed('first')))).toEqual([409, 'MESSAGE_KEY_REUSED']);
  });

  test('are signed where the trigger says so', async () => {
    const body = '{"parameters":{"rounds":4}}';
    const seconds = Math.floor(Date.now() / 1000);
    const signature = messageSignature({ key: 's', body: Buffer.from(body), seconds }, SIGNING);
    const headers = { 'idempotency-key': 's', 'rondo-signature': signature };
    const forged = send(body.replace('4', '5'), headers, 'message-2');
    expect(await refusal(forged)).toEqual([401, 'MESSAGE_REFUSED']);
    expect((await send(body, headers, 'message-2')).status).toBe(200);
    await finished();
  });

  test('are sent as the guide shows', async () => {
    const shown = blockOf('message').replaceAll('http://127.0.0.1:7300', rondo.url);
    const { stdout } = await run('sh', ['-c', shown], {
      env: { ...process.env, TRAIN_SECRET: SECRET },
    });
    expect(JSON.parse(stdout)).toMatchObject({ state: 'fired' });
    await finished();
  });

  test.skipIf(!hasPython)('are signed as the guide shows', async () => {
    const body = '{"parameters":{"rounds":6}}';
    const script = `${blockOf('message-signature')}\nimport sys\nprint(sign(sys.argv[1], sys.argv[2].encode(), sys.argv[3]))`;
    const { stdout } = await run('python3', ['-c', script, 'py', body, SIGNING]);
    const headers = { 'idempotency-key': 'py', 'rondo-signature': stdout.trim() };
    expect((await send(body, headers, 'message-2')).status).toBe(200);
    await finished();
  });

  test('without a body set nothing; wrong ones are refused in words', async () => {
    const cases: [string, Record<string, string>, number, RegExp][] = [
      ['{}', { authorization: `Bearer ${SECRET}` }, 400, /Idempotency-Key is missing/],
      ['{}', signed('a b'), 400, /letters, digits/],
      ['{}', signed('x'.repeat(201)), 400, /200 characters/],
      ['{"parameters":', signed('b'), 400, /./],
      ['[]', signed('b'), 400, /body/],
      ['{"parameter":{}}', signed('b'), 400, /parameter/],
      ['{"parameters":{"round":1}}', signed('b'), 400, /no parameter "round"/],
      ['{"parameters":{"rounds":"1"}}', signed('b'), 400, /is a number/],
      ['{"parameters":{"rounds":1e999}}', signed('b'), 400, /rounds/],
      ['{"parameters":{"rounds":[1]}}', signed('b'), 400, /rounds/],
      ['{"__proto__":{"parameters":{}}}', signed('b'), 400, /./],
      [`{"parameters":{"rounds":1${' '.repeat(70_000)}}}`, signed('b'), 413, /larger/],
    ];
    for (const [body, headers, status, message] of cases) {
      const answer = await send(body, headers);
      expect([answer.status, answer.body.error?.message]).toEqual([
        status,
        expect.stringMatching(message),
      ]);
    }
    expect((await send(undefined, signed('b'))).status).toBe(200);
    await finished();
  });

  test('leave no secret in events, logs and the list of triggers', async () => {
    const events = JSON.stringify(await rondo.api.get('/api/events', { limit: '500' }));
    const triggers = JSON.stringify(await rondo.api.get('/api/triggers'));
    const firings = JSON.stringify(await rondo.api.get('/api/trigger-firings'));
    expect(events).toContain('trigger.message-received');
    expect(triggers).toContain('with the secret of TRAIN_SECRET');
    for (const text of [events, triggers, firings, rondo.stderr()])
      for (const secret of [SECRET, SIGNING]) expect(text).not.toContain(secret);
  });

  test(
    'sent again and again through kill -9 of the server start one run a key',
    { timeout: 120_000 },
    async () => {
      const before = (await runs()).length;
      const keys = Array.from({ length: 9 }, (_, index) => `k${index}`);
      let done = false;
      const sender = async (key: string): Promise<string> => {
        const body = JSON.stringify({ parameters: { rounds: Number(key.slice(1)) } });
        for (;;) {
          const answer = await post(body, key).catch(() => undefined);
          if (answer?.body.state === 'fired') return `${key} ${answer.body.runId}`;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const killer = (async () => {
        for (let kill = 0; kill < 4 && !done; kill += 1) {
          await new Promise((resolve) => setTimeout(resolve, 30 + 170 * kill));
          rondo.kill('server');
          await rondo.healthy();
        }
      })();
      const answers = await Promise.all(keys.flatMap((key) => [sender(key), sender(key)]));
      done = true;
      await killer;
      await finished();
      expect(new Set(answers).size).toBe(keys.length);
      const fresh = (await runs()).slice(0, -before);
      expect(fresh.map((run) => run.cause.text).toSorted()).toEqual(
        keys.map((key) => `the message ${key} to train/message`),
      );
    },
  );
});

/** A connection of its own each time: one that a kill cut off is not taken again. */
function post(body: string, key: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ask = httpRequest(
      `${rondo.url}/api/triggers/train/message/messages`,
      {
        method: 'POST',
        agent: false,
        timeout: 5000,
        headers: { 'content-type': 'application/json', ...signed(key) },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, complete } = response;
          if (complete) resolve({ status, body: JSON.parse(text) as Answer['body'] });
          else reject(new Error('cut off'));
        });
      },
    );
    ask.on('error', reject);
    ask.end(body);
  });
}

async function runs(): Promise<{ state: string; cause: { text: string } }[]> {
  const page = await rondo.api.get<{ items: { state: string; cause: { text: string } }[] }>(
    '/api/runs',
    { limit: '100' },
  );
  return page.items;
}

/** Waits until no run is left going. */
async function finished(): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await runs()).every((run) => run.state === 'succeeded')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the runs never end');
}
