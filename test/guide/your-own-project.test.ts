import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentsFolder } from '../engines/engine.ts';
import { examplesRequirements, examplesVenv } from '../engines/examples-venv.ts';
import { missingVenv } from '../engines/python.ts';
import { readGuides } from './guide-blocks.ts';
import { stepsOf } from './run-block.ts';
import { openGuideShell, type GuideShell } from './run-guide.ts';

const reason = missingVenv();
const blocks = readGuides().flatMap((guide) => guide.blocks);

describe.skipIf(reason)(`your own project, step by step${reason ? ` (${reason})` : ''}`, () => {
  let shell: GuideShell | undefined;
  let failed = false;

  beforeAll(async () => {
    // The reader has Python with pandas and scikit-learn; the environment of the examples has them.
    const python = await examplesVenv();
    shell = await openGuideShell({
      env: { RONDO_ENVIRONMENTS: environmentsFolder },
      path: python,
      packages: true,
    });
  });
  afterAll(() => shell?.[Symbol.asyncDispose]());

  test.each(stepsOf(blocks, 'your-own-project.md'))('%s', async (_place, step) => {
    if (failed) throw new Error('a step before this one failed');
    failed = true;
    const outcome = await step(shell as GuideShell);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).not.toContain('Traceback');
    failed = false;
  });

  test('its packages are those of the examples, so that a machine makes one environment', async () => {
    const shown = blocks.find(
      ({ guide, mark }) => guide === 'your-own-project.md' && mark === 'file requirements.txt',
    );
    const pins = (await readFile(examplesRequirements, 'utf8')).replaceAll(/^#.*\n/gm, '').trim();
    expect(shown?.text).toBe(pins);
  });
});
