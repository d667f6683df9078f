import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommitView } from '../../src/contract/views/commits-view.ts';
import { lineageView, type LineageView } from '../../src/contract/views/lineage-view.ts';
import { maturityView, type MaturityView } from '../../src/contract/views/maturity-view.ts';
import { removeFolder, starterRepository, type GitProject } from '../harness/git-project.ts';
import { mainFile, startRondo, type RunningRondo } from '../harness/start-rondo.ts';

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited 30 s for ${what}`);
}

/** A commit of the starter, tested, deployed, trained from and served: a small history that really happened. */
describe('a project of one commit', () => {
  let dir: string;
  let project: GitProject;
  let rondo: RunningRondo;
  let sha: string;

  beforeAll(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'rondo-maturity-')), 'project');
    project = await starterRepository(dir, `{ tests: 'node --check steps/fit.mjs' }`);
    await project.change(
      'rondo.yaml',
      '{ kind: new-data, dataset: penguins, min_rows: 50 }',
      '{ kind: push }',
    );
    sha = await project.commit('The starter');
    rondo = await startRondo({ dir });
    await until(async () => {
      const now = await rondo.api.get<CommitView>(`/api/commits/${sha}`);
      return now.records.service.state === 'done' && now;
    }, 'the model of the commit to serve');
  });
  afterAll(async () => {
    await rondo.stop();
    await removeFolder(dir);
  });

  const cli = async (...args: string[]): Promise<string> =>
    (
      await promisify(execFile)(process.execPath, [mainFile, ...args], {
        env: { ...process.env, RONDO_URL: rondo.url },
      })
    ).stdout;

  test('maturity tells what its events prove, and each of them is there', async () => {
    const view = maturityView.parse(await rondo.api.get<MaturityView>('/api/maturity'));
    expect(view).toMatchObject({ level: 0, window: { days: 90 } });
    const states = Object.fromEntries(view.requirements.map((cell) => [cell.id, cell.state]));
    expect(states).toMatchObject({
      G02: 'insufficient',
      G04: 'automatic',
      G05: 'automatic',
      G11: 'automatic',
      G13: 'insufficient',
      G15: 'automatic',
      G16: 'insufficient',
      G23: 'insufficient',
      G27: 'automatic',
      G31: 'automatic',
      G33: 'automatic',
      G34: 'automatic',
      G35: 'automatic',
      G36: 'automatic',
      G42: 'missing',
      G44: 'missing',
    });
    const scores = Object.fromEntries(view.testScore.tests.map((cell) => [cell.id, cell.score]));
    expect(scores).toMatchObject({ M1: 0.5, M5: 1, I2: 1, I3: 1, I4: 1, I1: 0, D5: 0 });
    expect(view.testScore.total).toBe(Math.min(...Object.values(view.testScore.sections)));
    const cells = [...view.requirements, ...view.testScore.tests, ...view.delivery];
    const ids = new Set(cells.flatMap((cell) => cell.evidence));
    expect(ids.size).toBeGreaterThan(8);
    for (const id of ids) {
      const event = await rondo.api.get<{ eventId: string }>(`/api/events/${id}`);
      expect(event.eventId).toBe(id);
    }
  });

  test('a window is a whole number of days', async () => {
    const week = await rondo.api.get<MaturityView>('/api/maturity', { days: 7 });
    expect(week.window.toMs - week.window.fromMs).toBe(7 * 864e5);
    await expect(rondo.api.get('/api/maturity', { days: 0 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  test('rondo maturity prints levels, the four sections, figures and what is next', async () => {
    const [text, why] = await Promise.all([
      cli('maturity'),
      cli('maturity', '--why', '--days', '30'),
    ]);
    for (const part of ['Level 0', 'LEVEL 1', 'LEVEL 2', 'ML TEST SCORE', 'DELIVERY', 'NEXT'])
      expect(text).toContain(part);
    expect(text).toMatch(/data \d.*model \d.*infrastructure \d.*monitoring \d/);
    expect(why).toContain('(30 days)');
    expect(why).toMatch(/G04\s+✓ automatic.*The one pipeline change.*event_/);
    await expect(cli('maturity', '--days', 'many')).rejects.toMatchObject({ code: 2 });
  });

  const lineage = async (kind: string, id: string, query = {}): Promise<LineageView> => {
    const view = lineageView.parse(
      await rondo.api.get<LineageView>(`/api/lineage/${kind}/${encodeURIComponent(id)}`, query),
    );
    const keys = view.nodes.map((node) => node.key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const edge of view.edges)
      expect(keys).toEqual(expect.arrayContaining([edge.from, edge.to]));
    return view;
  };
  const kinds = (view: LineageView): string[] =>
    [...new Set(view.nodes.map((node) => node.kind))].sort();

  test('a commit leads to the endpoint it serves at, and the endpoint back to the commit', async () => {
    const down = await lineage('commit', sha.slice(0, 8));
    expect(down.focus).toBe(`commit:${sha}`);
    expect(kinds(down)).toEqual(
      expect.arrayContaining(['bundle', 'commit', 'endpoint', 'model-version', 'release', 'run']),
    );
    const endpoint = down.nodes.find((node) => node.kind === 'endpoint');
    const up = await lineage('endpoint', endpoint?.id ?? '', { direction: 'up' });
    expect(kinds(up)).toEqual(
      expect.arrayContaining(['commit', 'dataset-version', 'model-version', 'run']),
    );
    expect(up.nodes.some((node) => node.key === `commit:${sha}`)).toBe(true);
  });

  test('everything on the way can be asked for itself', async () => {
    const { nodes } = await lineage('commit', sha);
    for (const node of nodes.filter((one) => one.kind !== 'fold')) {
      const own = await lineage(node.kind, node.id);
      expect(own.focus).toBe(node.key);
    }
    const version = nodes.find((node) => node.kind === 'model-version');
    const up = await lineage('model-version', version?.id ?? '', { direction: 'up' });
    expect(kinds(up)).not.toContain('endpoint');
    await expect(lineage('run', 'run_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(lineage('thing', 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('rondo lineage prints the road of a commit and the tree of the rest', async () => {
    const { nodes } = await lineage('commit', sha);
    const version = nodes.find((node) => node.kind === 'model-version')?.id ?? '';
    const [road, tree, json] = await Promise.all([
      cli('lineage', sha.slice(0, 8)),
      cli('lineage', version),
      cli('lineage', sha, '--json'),
    ]);
    for (const station of ['source', 'ci', 'deployment', 'training', 'service', 'monitoring'])
      expect(road).toMatch(new RegExp(`^${station}\\s`, 'm'));
    expect(road).toMatch(/made of it\n└─ bundle sha256:/);
    expect(tree).toMatch(/made from\n└─ run run_/);
    expect(tree).toContain('dataset version penguins@1');
    await expect(cli('lineage', 'nothing-of-that-name')).rejects.toMatchObject({ code: 3 });
    const { records } = JSON.parse(json) as { records: object };
    expect(Object.keys(records)).toHaveLength(6);
  });
});
