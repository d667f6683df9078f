import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRondo } from '../harness/start-rondo.ts';

const root = join(import.meta.dirname, '..', '..');
const files = { 'rondo.yaml': 'rondo: 1\nproject: empty\n' };

/** Names of the metrics in a text for Prometheus. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}

test('every metric of the dashboard is given by server or gateway', async () => {
  await using running = await startRondo({ files });
  await running.api.post('/api/settle');
  const given = new Set<string>();
  for (const url of [running.url, running.gatewayUrl]) {
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain');
    for (const name of namesIn(await response.text())) given.add(name);
  }
  const dashboard = JSON.parse(readFileSync(join(root, 'docs/grafana/rondo.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const drawn = dashboard.panels.flatMap((panel) =>
    (panel.targets ?? []).flatMap(({ expr }) => [...expr.matchAll(/\b(?:rondo|process)_[a-z_]+/g)]),
  );
  expect(drawn.length).toBeGreaterThan(20);
  const unknown = drawn
    .map(([name]) => name.replace(/_bucket$/, ''))
    .filter((name) => !given.has(name));
  expect(unknown).toEqual([]);

  const text = await (await fetch(`${running.url}/metrics`)).text();
  expect(text).toMatch(/rondo_control_loop_calls_total\{work="triggers",outcome="idle"\} [1-9]/);
  expect(text).toContain(
    'rondo_http_request_seconds_count{method="POST",route="/api/settle",status="200"} 1',
  );
});

test('a request is called the same in the answer and in the log, and what is no plain word is not taken over', async () => {
  await using running = await startRondo({ files, flags: ['--log-level', 'info'] });
  const named = await fetch(`${running.url}/api/settle`, {
    method: 'POST',
    headers: { 'x-request-id': 'deploy-17', 'content-type': 'application/json' },
    body: '{}',
  });
  expect(named.headers.get('x-request-id')).toBe('deploy-17');
  const odd = await fetch(`${running.url}/api/nothing?secret=1`, {
    headers: { 'x-request-id': 'a b"c' },
  });
  expect(odd.status).toBe(404);
  expect(odd.headers.get('x-request-id')).toMatch(/^request_/);
  await expect
    .poll(() => linesOf(running.stderr()))
    .toContainEqual(
      expect.objectContaining({ request: 'deploy-17', path: '/api/settle', status: 200 }),
    );
  await expect
    .poll(() => linesOf(running.stderr()))
    .toContainEqual(expect.objectContaining({ path: '/api/nothing', status: 404 }));
  expect(running.stderr()).not.toContain('secret=1');
});

function linesOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('every event is a line of the log, with the id of the run it is about', async () => {
  await using running = await startRondo({
    files: {
      'rondo.yaml':
        'rondo: 1\nproject: log\npipelines:\n  hello:\n    steps:\n      say: { run: "echo hi > out.txt", out: { text: out.txt } }\n',
    },
    flags: ['--log-level', 'info'],
  });
  const { runId } = await running.api.post<{ runId: string }>('/api/runs', { pipeline: 'hello' });
  await expect
    .poll(() => linesOf(running.stderr()).filter((line) => line.run === runId), { timeout: 15_000 })
    .toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'run.started', pipeline: 'hello' }),
        expect.objectContaining({ type: 'step.committed', step: 'say' }),
        expect.objectContaining({ type: 'run.succeeded' }),
      ]),
    );
});

test('doctor names the seven components with their health', async () => {
  await using running = await startRondo({ files });
  const { components } = await running.api.get<{
    components: { part: string; state: string; version: string | null }[];
  }>('/api/doctor');
  expect(components.map((component) => component.part)).toEqual([
    'source control',
    'test and build',
    'deployment',
    'model registry',
    'feature store',
    'metadata store',
    'orchestrator',
  ]);
  const stateOf = (part: string) => components.find((one) => one.part === part)?.state;
  expect(stateOf('orchestrator')).toBe('ok');
  expect(stateOf('test and build')).toBe('warning');
});
