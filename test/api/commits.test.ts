import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { DeploymentItem } from '../../src/contract/commit-events.ts';
import type { RunDetail } from '../../src/contract/run-detail.ts';
import type { CommitItem, CommitView } from '../../src/contract/views/commits-view.ts';
import { removeFolder, starterRepository, type GitProject } from '../harness/git-project.ts';
import { startRondo, type RunningRondo } from '../harness/start-rondo.ts';

type EventItem = { type: string; subject: { id: string }; data: Record<string, unknown> };

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited 20 s for ${what}`);
}

const commitIn = (api: ApiClient, sha: string, ...states: string[]): Promise<CommitView> =>
  until(
    async () => {
      const view = await api.get<CommitView>(`/api/commits/${sha}`);
      return states.includes(view.state) && view;
    },
    `commit ${sha.slice(0, 7)} to be ${states.join(' or ')}`,
  );

const eventsOf = async (api: ApiClient, ...types: string[]): Promise<EventItem[]> =>
  (await api.get<{ items: EventItem[] }>('/api/events', { type: types.join(','), limit: 500 }))
    .items;

async function runTrain(api: ApiClient, order: Record<string, unknown> = {}): Promise<RunDetail> {
  const { runId } = await api.post<{ runId: string }>('/api/runs', { pipeline: 'train', ...order });
  return until(async () => {
    const run = await api.get<RunDetail>(`/api/runs/${runId}`);
    return run.state !== 'queued' && run.state !== 'running' && run;
  }, `${runId} to end`);
}

const printed = async (api: ApiClient, runId: string): Promise<string> =>
  (await api.stream(`/api/runs/${runId}/steps/fit/log`)).text();

const code = (error: unknown): string => (error as { code?: string }).code ?? String(error);

describe('commits of a project', () => {
  let dir: string;
  let project: GitProject;
  let rondo: RunningRondo;
  let first: string;

  beforeAll(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'rondo-commits-')), 'project');
    project = await starterRepository(dir, `{ tests: 'node --check steps/fit.mjs' }`);
    await project.change(
      'rondo.yaml',
      '{ kind: new-data, dataset: penguins, min_rows: 50 }',
      '{ kind: push }',
    );
    first = await project.commit('The starter');
    rondo = await startRondo({ dir });
  });
  afterAll(async () => {
    await rondo.stop();
    await removeFolder(dir);
  });

  test('the first is tested, deployed, trains and serves; its six stations say so with their events', async () => {
    const { api } = rondo;
    const deployed = await commitIn(api, first, 'deployed');
    expect(deployed.checks.map((check) => [check.kind, check.state])).toEqual([
      ['bundle', 'passed'],
      ['tests', 'passed'],
      ['outputs-made', 'passed'],
      ['steps-fit', 'passed'],
      ['training-learns', 'passed'],
      ['finite-answers', 'passed'],
    ]);
    const view = await until(async () => {
      const now = await api.get<CommitView>(`/api/commits/${first.slice(0, 8)}`);
      return now.records.service.state === 'done' && now;
    }, 'the model of the first commit to serve');
    const { source, ci, deployment, training, service, monitoring } = view.records;
    for (const station of [source, ci, deployment, training, service]) {
      expect(station.state).toBe('done');
      expect(station.eventIds.length).toBeGreaterThan(0);
      for (const id of station.eventIds) await api.get(`/api/events/${id}`);
    }
    expect(monitoring.state).toBe('waiting');
    const [started] = await eventsOf(api, 'run.started');
    expect(started?.data).toMatchObject({
      commit: first,
      bundle: view.bundle,
      cause: { kind: 'push' },
    });
  });

  test('what is not committed changes no run; a run of the working tree does, and is not promoted', async () => {
    const { api } = rondo;
    await project.change('steps/fit.mjs', 'console.log(`weights', 'console.log(`draft weights');
    const usual = await runTrain(api);
    expect(usual.state).toBe('succeeded');
    expect(await printed(api, usual.runId)).not.toContain('draft');
    const draft = await runTrain(api, { workingTree: true });
    expect(await printed(api, draft.runId)).toContain('draft weights');
    const refused = await until(
      async () =>
        (await eventsOf(api, 'candidate.refused')).find(
          (event) => event.data.runId === draft.runId,
        ),
      'the model of the ad hoc run to be refused',
    );
    expect(String((refused.data.reasons as string[])[0])).toMatch(/ad hoc run of the working tree/);
  });

  test('a commit that fails changes nothing and says why', async () => {
    const { api } = rondo;
    await project.change('steps/fit.mjs', 'console.log(`draft', 'console.log(`(`draft');
    const bad = await project.commit('Broken on the way');
    const failed = await commitIn(api, bad, 'failed');
    expect(failed.sentence).toMatch(/tests failed/);
    expect(failed.checks.find((check) => check.kind === 'tests')?.log).toMatch(/SyntaxError/);
    expect(failed.records.ci.state).toBe('failed');
    expect(failed.records.deployment.state).toBe('waiting');
    const { items } = await api.get<{ items: DeploymentItem[] }>('/api/deployments');
    expect(items.map((item) => [item.sha, item.state])).toEqual([[first, 'in-force']]);
  });

  test('the next good one is deployed and used; rolled back, the one before is used again', async () => {
    const { api } = rondo;
    await project.change('steps/fit.mjs', 'console.log(`(`draft', 'console.log(`second');
    const second = await project.commit('Second');
    await commitIn(api, second, 'deployed');
    await until(async () => {
      const runs = await eventsOf(api, 'run.succeeded');
      const last = runs.at(-1)?.subject.id ?? '';
      return (await printed(api, last)).includes('second weights');
    }, 'the run that the deployment started');
    const result = await until(async () => {
      try {
        return await api.post<{ sha: string; to: string }>('/api/deployments/rollback', {
          reason: 'not to our liking',
        });
      } catch (error) {
        if (code(error) === 'PIPELINE_BUSY') return undefined;
        throw error;
      }
    }, 'the rollback');
    expect(result).toMatchObject({ sha: second, to: first });
    const back = await runTrain(api);
    expect(await printed(api, back.runId)).not.toContain('second');
    expect((await commitIn(api, second, 'rolled-back')).sentence).toBe('not to our liking');
    expect((await api.get<CommitView>(`/api/commits/${first}`)).state).toBe('deployed');
    const [event] = await eventsOf(api, 'pipeline.rolled-back');
    expect(event?.data).toMatchObject({ sha: second, to: first, actor: 'human' });
    await expect(api.post('/api/deployments/rollback', {})).rejects.toMatchObject({
      code: 'NO_DEPLOYMENT_BEFORE',
    });
  });

  test('the server killed in the middle of the tests: begun again, one verdict, then deployed', async () => {
    const { api } = rondo;
    await project.change('rondo.yaml', 'node --check steps/fit.mjs', 'sleep 1.5');
    const slow = await project.commit('Slow tests');
    await commitIn(api, slow, 'testing');
    rondo.kill('server');
    await rondo.healthy();
    await commitIn(api, slow, 'deployed');
    const verdicts = (await eventsOf(api, 'ci.finished', 'pipeline.deployed')).filter(
      (event) => event.subject.id === slow,
    );
    expect(verdicts.map((event) => event.type)).toEqual(['ci.finished', 'pipeline.deployed']);
    const { items } = await api.get<{ items: CommitItem[] }>('/api/commits', { limit: 2 });
    expect(items.map((item) => item.subject)).toEqual(['Slow tests', 'Second']);
  });

  test('the server stops at once in the middle of the tests', async () => {
    await project.change('rondo.yaml', 'sleep 1.5', 'sleep 30');
    const slower = await project.commit('Slower tests');
    await commitIn(rondo.api, slower, 'testing');
    const { code: exit, ms } = await rondo.stop();
    expect(exit).toBe(0);
    expect(ms).toBeLessThan(10_000);
  });
});
