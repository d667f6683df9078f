import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EndpointView } from '../../src/contract/views/endpoints-view.ts';
import type { ModelView } from '../../src/contract/views/models-view.ts';
import type { MonitorsView } from '../../src/contract/views/monitors-view.ts';
import type { ReleasesView } from '../../src/contract/views/releases-view.ts';
import type { RunsView } from '../../src/contract/views/runs-view.ts';
import { demoData } from '../harness/demo-data.ts';
import type { RunningRondo } from '../harness/start-rondo.ts';
import { openBrowser, settled, walkScreens } from './walk-screens.ts';

const built = existsSync(join(import.meta.dirname, '..', '..', 'web', 'dist', 'index.html'));
const ready =
  built && (await openBrowser().then(async (found) => (await found?.close(), found !== undefined)));

/** The screens on what the demo left: real weeks, real decisions. */
describe.skipIf(!ready && process.env.CI === undefined)('screens of the demo', () => {
  let browser: Browser;
  let rondo: RunningRondo;
  beforeAll(async () => {
    const opened = await openBrowser();
    if (!opened) throw new Error('No Chromium on this machine; CHROMIUM names one.');
    browser = opened;
    rondo = await demoData();
  });
  afterAll(async () => {
    await browser?.close();
    await rondo?.[Symbol.asyncDispose]();
  });

  async function view<T>(path: string): Promise<T> {
    const response = await fetch(`${rondo.url}/api/views/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  test('every screen of the replayed half year, light and dark, without a fault', async () => {
    const runs = await view<RunsView>('runs?limit=500');
    const releases = await view<ReleasesView>('releases?limit=500');
    const monitors = await view<MonitorsView>('monitors');
    const model = await view<ModelView>('models/late-arrival');
    const commits = (await (await fetch(`${rondo.url}/api/commits?limit=5`)).json()) as {
      items: { sha: string; state: string }[];
    };
    const failed = runs.items.find((run) => run.state === 'failed');
    const screens = [
      { name: 'home', path: '/' },
      { name: 'runs', path: '/runs' },
      ...runs.items.slice(0, 1).map((run) => ({ name: 'run', path: `/runs/${run.runId}` })),
      ...(failed ? [{ name: 'run-failed', path: `/runs/${failed.runId}` }] : []),
      { name: 'models', path: '/models' },
      { name: 'model', path: '/models/late-arrival' },
      ...['champion', 'refused'].flatMap((state) =>
        model.versions
          .filter((version) => version.state === state)
          .slice(0, 1)
          .map((version) => ({
            name: `version-${state}`,
            path: `/models/late-arrival/${version.version}`,
          })),
      ),
      { name: 'releases', path: '/releases' },
      ...['promoted', 'rolled-back', 'expired'].flatMap((state) =>
        releases.items
          .filter((release) => release.state === state)
          .slice(0, 1)
          .map((release) => ({ name: `release-${state}`, path: `/releases/${release.releaseId}` })),
      ),
      { name: 'endpoints', path: '/endpoints' },
      { name: 'endpoint', path: '/endpoints/late-arrival' },
      { name: 'endpoint-all', path: '/endpoints/late-arrival?from=0' },
      { name: 'monitors', path: '/monitors' },
      { name: 'monitoring', path: '/monitors/late-arrival' },
      ...monitors.alarms
        .slice(0, 1)
        .map((alarm) => ({ name: 'alarm', path: `/alarms/${alarm.alarmId}` })),
      { name: 'datasets', path: '/datasets' },
      { name: 'dataset', path: '/datasets/flights' },
      { name: 'dataset-version', path: '/datasets/flights/3?compare=2' },
      { name: 'features', path: '/features' },
      { name: 'feature', path: '/features/origin_delay' },
      { name: 'commits', path: '/commits' },
      ...commits.items.map((commit, index) => ({
        name: `commit-${index}-${commit.state}`,
        path: `/commits/${commit.sha}`,
      })),
      { name: 'triggers', path: '/triggers' },
      { name: 'maturity', path: '/maturity?days=365' },
      { name: 'audit', path: '/audit' },
      { name: 'lineage', path: `/lineage/model-version/late-arrival/${model.champion ?? ''}` },
    ];
    expect(screens.map((screen) => screen.name)).toEqual(
      expect.arrayContaining(['run', 'version-champion', 'release-promoted']),
    );
    const folder = await mkdtemp(join(tmpdir(), 'rondo-demo-screens-'));
    const findings = await walkScreens(browser, { url: rondo.url, screens, folder });
    expect(findings, `screenshots in ${folder}`).toEqual([]);
  }, 300_000);

  test('the try-it form sends a real request and shows the answer', async () => {
    const before = await view<EndpointView>('endpoints/late-arrival');
    expect(before.tryIt.fields.map((field) => field.name)).toEqual(
      expect.arrayContaining(['origin', 'hour', 'distance']),
    );
    const page = await browser.newPage();
    await page.goto(`${rondo.url}/endpoints/late-arrival`);
    await settled(page);
    await page.getByRole('textbox', { name: 'origin' }).fill('ORD');
    await page.getByRole('button', { name: 'Predict', exact: true }).click();
    await page.getByText(/^200 in /).waitFor();
    expect(await page.locator('pre.snippet').first().innerText()).toContain('"predictions"');
    await page.close();
  });

  test('a click on every row kind leads somewhere that loads', async () => {
    const page = await browser.newPage();
    for (const list of [
      '/runs',
      '/models',
      '/releases',
      '/endpoints',
      '/datasets',
      '/features',
      '/triggers',
      '/audit',
    ]) {
      await page.goto(rondo.url + list);
      await settled(page);
      await page.locator('tr.row-link').first().click();
      await page.waitForURL((url) => url.pathname !== list);
      await settled(page);
      expect(await page.locator('[role=alert]').count(), list).toBe(0);
    }
    await page.close();
  });
});
