import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The browser of the machine; undefined when it has none. */
export async function openBrowser(): Promise<Browser | undefined> {
  if (CHROMIUM === undefined) return undefined;
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--force-color-profile=srgb',
    ],
  });
}

export type WalkFinding = {
  screen: string;
  scheme: string;
  kind: 'console' | 'axe' | 'request' | 'page';
  text: string;
};

/**
 * Opens every address in light and dark at 1280 x 800, as a person would: waits until it has settled, runs axe, keeps a
 * screenshot. Gives what was wrong; an empty list is a pass.
 */
export async function walkScreens(
  browser: Browser,
  options: {
    url: string;
    screens: readonly { name: string; path: string }[];
    folder: string;
    schemes?: readonly ('light' | 'dark')[];
    width?: number;
  },
): Promise<WalkFinding[]> {
  await mkdir(options.folder, { recursive: true });
  const findings: WalkFinding[] = [];
  for (const scheme of options.schemes ?? ['light', 'dark']) {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 800 },
      colorScheme: scheme,
      timezoneId: 'Europe/Berlin',
    });
    const page = await context.newPage();
    let screen = '';
    const report = (kind: WalkFinding['kind'], text: string): void => {
      findings.push({ screen, scheme, kind, text });
    };
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        report('console', message.text());
    });
    page.on('pageerror', (error) => report('page', error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(options.url) && !request.url().startsWith('data:'))
        report('request', `left the origin: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) report('request', `${response.status()} ${response.url()}`);
    });
    for (const one of options.screens) {
      screen = one.name;
      await page.goto(options.url + one.path);
      await settled(page);
      if ((await page.locator('[role=alert]').count()) > 0)
        report('page', await page.locator('[role=alert]').first().innerText());
      await page.screenshot({
        path: join(options.folder, `${one.name}-${scheme}.png`),
        fullPage: true,
      });
      for (const violation of await axe(page, scheme)) report('axe', violation);
    }
    await context.close();
  }
  return findings;
}

/** No skeleton is left and every chart had its frame. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor({ timeout: 20_000 });
  // Text, because these lines run in the browser and this project's types are those of Node.
  await page.waitForFunction(
    "document.querySelector('[aria-busy=true], .mantine-Skeleton-root') === null",
    undefined,
    {
      timeout: 20_000,
    },
  );
  await page.waitForTimeout(150);
}

type AxeResult = {
  violations: { id: string; help: string; nodes: { html: string; any: { message: string }[] }[] }[];
};

/** Both schemes draw the same elements: in dark only what colours decide is looked at again. */
async function axe(page: Page, scheme: 'light' | 'dark'): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const rules = scheme === 'dark' ? '{ runOnly: ["color-contrast", "link-in-text-block"] }' : '';
  const result: unknown = await page.evaluate(`axe.run(${rules})`);
  return (result as AxeResult).violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}; ${nodes.length} times, first ${nodes[0]?.html.slice(0, 160)} ${nodes[0]?.any[0]?.message ?? ''}`,
  );
}
