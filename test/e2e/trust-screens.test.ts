import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendEvent } from '../../src/events/append-event.ts';
import { seededSha } from '../harness/seed-screens-commits.ts';
import { startScreens } from '../harness/start-screens.ts';
import { openBrowser, settled, walkScreens } from './walk-screens.ts';

const built = existsSync(join(import.meta.dirname, '..', '..', 'web', 'dist', 'index.html'));
let browser: Browser | undefined;
let folder: string;

beforeAll(async () => {
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), 'rondo-trust-screens-'));
  if (process.env.CI !== undefined && (!browser || !built)) {
    throw new Error('The screens need Chromium (CHROMIUM names it) and "npm run build:web".');
  }
});
afterAll(() => browser?.close());

const SCREENS = [
  ['features', '/features'],
  ['feature', '/features/origin_delay'],
  ['feature-failed', '/features/destination_delay_of_the_last_thirty_landings_by_airport'],
  ['commits', '/commits'],
  ['commit', `/commits/${seededSha(4)}`],
  ['commit-failed', `/commits/${seededSha(1)}`],
  ['triggers', '/triggers'],
  ['maturity', '/maturity'],
  ['lineage-version', '/lineage/model-version/late-arrival/21'],
  ['lineage-run', '/lineage/run/run_0022'],
  ['lineage-endpoint', '/lineage/endpoint/late-arrival'],
  ['audit', '/audit'],
  ['audit-filtered', '/audit?type=gate.evaluated&subject=model&from=986774400000'],
  ['event', '/events/event_gate_12_3'],
].map(([name = '', path = '']) => ({ name, path }));

describe('screens of what one can trust', () => {
  test('every state, light and dark: no console error, no axe violation', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const findings = await walkScreens(browser, { url: server.url, screens: SCREENS, folder });
    expect(findings, `screenshots in ${folder}`).toEqual([]);
  }, 300_000);

  test('on a wide screen, and where there is nothing yet', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    const named = (names: readonly string[]) =>
      SCREENS.filter((screen) => names.includes(screen.name));
    await using server = await startScreens();
    const wide = await walkScreens(browser, {
      url: server.url,
      screens: named(['commit', 'maturity', 'lineage-version', 'audit']).map((screen) => ({
        ...screen,
        name: `wide-${screen.name}`,
      })),
      folder,
      width: 1920,
      schemes: ['dark'],
    });
    await using nothing = await startScreens({ empty: true });
    const empty = await walkScreens(browser, {
      url: nothing.url,
      screens: named(['features', 'commits', 'triggers', 'maturity', 'audit']).map((screen) => ({
        ...screen,
        name: `empty-${screen.name}`,
      })),
      folder,
      schemes: ['light'],
    });
    expect([...wide, ...empty], `screenshots in ${folder}`).toEqual([]);
    const page = await browser.newPage();
    await page.goto(`${nothing.url}/commits`);
    await settled(page);
    expect(await page.getByText('npx rondo commits').count()).toBe(1);
    await page.goto(`${nothing.url}/features/none`);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('There is no feature view none.');
    await page.close();
  }, 120_000);

  test('audit: rows by keys, filters in the address, further pages by scrolling, the export', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const page = await browser.newPage();
    await page.goto(`${server.url}/audit`);
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/events/*');
    await settled(page);
    await page.goBack();
    await settled(page);
    await page.getByText(/^200 of \d+ shown$/).waitFor();
    await page
      .getByRole('region', { name: 'Events' })
      .evaluate((box: { scrollTo(x: number, y: number): void }) => box.scrollTo(0, 1e6));
    await page.getByText(/^400 of \d+ shown$/).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('run:run_0021');
    await page.waitForURL('**/audit?subject=run%3Arun_0021');
    await page.getByText('4 of 4 shown').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as JSONL' }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'run.started',
      'run.pinned',
      'step.committed',
      'run.failed',
    ]);
    await page.getByRole('button', { name: 'Recompute the chain' }).click();
    await page.getByText(/Recomputed just now: all \d+ events/).waitFor();
    await page.close();
  }, 60_000);

  test('what is appended shows by itself', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const page = await browser.newPage();
    await page.goto(`${server.url}/audit`);
    await page.locator('.live[data-state=live]').waitFor();
    await settled(page);
    const { ctx } = server;
    await ctx.db.transaction().execute((tx) =>
      appendEvent(ctx, tx, {
        type: 'alarm.closed',
        subject: { kind: 'alarm', id: 'alarm_0024' },
        actor: 'human',
        data: { reason: 'A person looked at it.' },
      }),
    );
    const row = page.locator('tr.row-link', { hasText: 'A person looked at it.' });
    await row.waitFor({ timeout: 5000 });
    expect(await row.innerText()).toContain('alarm.closed');
    await page.close();
  }, 60_000);

  test('lineage: a fold opens, a card leads on, and its table says the same', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const page = await browser.newPage();
    await page.goto(`${server.url}/lineage/model-version/late-arrival/21`);
    await settled(page);
    const cards = page.locator('.lineage-card');
    const rows = page.getByRole('table', { name: 'Nodes of the lineage' }).locator('tbody tr');
    expect(await cards.count()).toBe(await rows.count());
    const before = await cards.count();
    await page.locator('button.lineage-card.fold').first().press('Enter');
    await page.waitForURL(/\?open=/);
    await page.getByRole('button', { name: 'Fold again' }).waitFor();
    await page.waitForFunction(`document.querySelectorAll('.lineage-card').length > ${before}`);
    expect(await cards.count()).toBe(await rows.count());
    await page.goto(`${server.url}/lineage/model-version/late-arrival/21`);
    await page.locator('a.lineage-card', { hasText: 'train' }).first().click();
    await page.waitForURL('**/lineage/run/run_0024');
    await page.close();
  }, 60_000);

  test('the palette orders: a trigger is switched off, a rollback asks for the name', async (context) => {
    if (!browser || !built) return context.skip('no Chromium or no web/dist');
    await using server = await startScreens();
    const page = await browser.newPage();
    await page.goto(`${server.url}/triggers`);
    await settled(page);
    await page.keyboard.press('Control+k');
    const box = page.getByRole('combobox', { name: 'Go to anything' });
    await box.fill('switch off schedule');
    await page.getByRole('option', { name: 'Switch off trigger train/schedule' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('npx rondo triggers disable train/schedule').waitFor();
    await page.getByRole('button', { name: 'Switch off trigger train/schedule' }).click();
    await page.getByText('2 of 3 on').waitFor();
    await page.keyboard.press('Control+k');
    await box.fill('roll back late');
    await page.keyboard.press('Enter');
    const order = page.getByRole('button', { name: 'Roll back late-arrival' });
    expect(await order.isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Type late-arrival to confirm' }).fill('late-arrival');
    expect(await order.isDisabled()).toBe(false);
    await page.keyboard.press('Escape');
    for (const [key, path] of [
      ['c', '/commits'],
      ['f', '/features'],
      ['t', '/triggers'],
      ['p', '/maturity'],
      ['a', '/audit'],
    ]) {
      await page.keyboard.press('g');
      await page.keyboard.press(key ?? '');
      await page.waitForURL(`**${path}`);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.close();
  }, 60_000);
});
