import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startScreens } from '../harness/start-screens.ts';
import { openBrowser, settled, walkScreens } from './walk-screens.ts';

const built = existsSync(join(import.meta.dirname, '..', '..', 'web', 'dist', 'index.html'));
let browser: Browser | undefined;
let folder: string;

beforeAll(async () => {
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), 'rondo-screens-'));
  if (process.env.CI !== undefined && (!browser || !built)) {
    throw new Error('The screens need Chromium (CHROMIUM names it) and "npm run build:web".');
  }
});
afterAll(() => browser?.close());

const EVERY_STATE = [
  ['home', '/'],
  ['runs', '/runs'],
  ['runs-filtered', '/runs?state=failed&text=schedule'],
  ['run', '/runs/run_0023'],
  ['run-failed', '/runs/run_0021'],
  ['run-running', '/runs/run_0025?step=fit'],
  ['models', '/models'],
  ['model', '/models/late-arrival'],
  ['version', '/models/late-arrival/17'],
  ['releases', '/releases'],
  ['release', '/releases/release_0019'],
  ['release-running', '/releases/release_0021'],
  ['release-rolled-back', '/releases/release_0010'],
  ['endpoints', '/endpoints'],
  ['endpoint', '/endpoints/late-arrival'],
  ['monitors', '/monitors'],
  ['monitoring', '/monitors/late-arrival'],
  ['alarm', '/alarms/alarm_0024'],
  ['datasets', '/datasets'],
  ['dataset', '/datasets/flights'],
  ['dataset-version', '/datasets/flights/26'],
].map(([name = '', path = '']) => ({ name, path }));

describe('screens of a seeded project', () => {
  test('every state, light and dark: no console error, no axe violation, nothing leaves the origin', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const findings = await walkScreens(browser, { url: server.url, screens: EVERY_STATE, folder });
    expect(findings, `screenshots in ${folder}`).toEqual([]);
  }, 300_000);

  test('an empty project teaches on every list', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens({ empty: true });
    const lists = EVERY_STATE.filter((screen) => /^\/[a-z]*$/.test(screen.path)).map((screen) => ({
      ...screen,
      name: `empty-${screen.name}`,
    }));
    const findings = await walkScreens(browser, {
      url: server.url,
      screens: lists,
      folder,
      schemes: ['light'],
    });
    expect(findings, `screenshots in ${folder}`).toEqual([]);
    const page = await browser.newPage();
    await page.goto(`${server.url}/models`);
    await settled(page);
    expect(await page.getByText('npx rondo run PIPELINE').count()).toBe(1);
    await page.close();
  });

  test('keys: palette, go to, help; filters live in the address', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const page = await browser.newPage();
    await page.goto(server.url);
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL('**/runs');
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('alarm');
    await page.waitForURL('**/runs?text=alarm');
    await page.getByText('4 of 4 shown').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to anything' }).fill('late-arrival 17');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/models/late-arrival/17');
    await page.goBack();
    await page.waitForURL('**/runs?text=alarm');
    expect(new URL(page.url()).search).toBe('?text=alarm');
    await page.close();
  });
});
