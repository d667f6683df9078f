import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSuite } from '../../src/checks/suite.ts';
import { parseProjectFile } from '../../src/config/project-file/load-project-file.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import { parseYaml } from '../../src/datasets/parse-yaml.ts';
import { datasetSchema } from '../../src/datasets/schema.ts';
import { featureColumns } from '../../src/features/feature-view.ts';
import { viewQuery } from '../../src/features/view-sql.ts';
import { signatureOf } from '../../src/notifications/notification.ts';
import { projectVariants } from '../../src/project-variants.ts';
import { openAnalytics } from '../../src/storage/analytics/analytics.ts';
import { checkCommandLine, commandLines } from './check-command-line.ts';
import { checkProjectFragment } from './check-project-fragment.ts';
import { checkTable } from './check-table.ts';
import { readGuides, root, type GuideBlock } from './guide-blocks.ts';
import { stepsOf } from './run-block.ts';
import { openGuideShell, type GuideShell } from './run-guide.ts';

const guides = readGuides();
const blocks = guides.flatMap((guide) => guide.blocks);
const marked = (mark: string): [string, GuideBlock][] =>
  blocks.filter((block) => block.mark === mark).map((block) => [block.place, block]);

describe('what the guides show', () => {
  test('every fragment of a file says how it is tested', () => {
    const silent = blocks.filter(
      ({ language, mark }) => ['yaml', 'json', 'sql', 'python', 'js'].includes(language) && !mark,
    );
    expect(silent.map(({ place }) => place)).toEqual([]);
    expect(blocks.length).toBeGreaterThan(50);
  });

  test.each(marked('project'))('%s belongs into rondo.yaml', (_place, { text }) => {
    expect(checkProjectFragment(text)).toEqual([]);
  });

  test.each(marked('file rondo.yaml'))('%s is a whole rondo.yaml', (_place, { text }) => {
    expect(parseProjectFile(text, projectVariants).kind).toBe('ok');
  });

  test.each(marked('suite'))('%s is a suite of checks', (place, { text }) => {
    expect(parseSuite(text, place).checks.length).toBeGreaterThan(0);
  });

  test.each(marked('schema'))('%s is a schema', (place, { text }) => {
    const rules = { path: place, schema: datasetSchema, code: 'SCHEMA_FILE_INVALID' } as const;
    expect(Object.keys(parseYaml(text, { ...rules, words: [] }).columns)).toContain('amount');
  });

  test.each(marked('view'))('%s gives what a feature view must', async (_place, { text }) => {
    const analytics = await openAnalytics({ threads: 1, memoryLimitMb: 256 });
    await analytics.run(
      "create table source as select 1 as order_id, 'a' as customer, now() as ordered_at, now() as arrived_at, 2.5 as amount",
    );
    const query = viewQuery({ from: 'orders', sql: text }, 'select * from source');
    const given = await analytics.rows<{ column_name: string; column_type: string }>(
      `describe ${query}`,
    );
    analytics.close();
    const columns = featureColumns(
      {
        name: 'customer_spend',
        entity: 'customer',
        time: { event: 'ordered_at', available: 'arrived_at' },
      },
      given.map((row) => ({ name: row.column_name, type: row.column_type })),
    );
    expect(columns).toEqual([{ name: 'mean_amount', type: 'DOUBLE' }]);
  });

  test('the table of checks is the code', () => {
    const guide = guides.find(({ name }) => name === 'data-and-checks.md');
    expect(guide?.text).toContain(checkTable());
  });

  test('commands and flags exist', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const lines = [readme, ...guides.map(({ text }) => text)].flatMap(commandLines);
    const faults = lines.flatMap((line) => {
      const fault = checkCommandLine(line);
      return fault === null ? [] : [`rondo ${line}: ${fault}`];
    });
    expect(faults).toEqual([]);
    expect(lines.length).toBeGreaterThan(60);
  });

  test('links lead somewhere, error codes exist', () => {
    for (const { name, text } of guides) {
      const links = [...text.matchAll(/\]\(([\w/.-]+\.md)\)/g)].map((match) => match[1] ?? '');
      const dead = links.filter((link) => !existsSync(join(root, 'docs', 'guide', link)));
      const codes = [...text.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map((match) => match[1] ?? '');
      const unknown = codes.filter(
        (code) => !/^(RONDO|MLFLOW)_/.test(code) && !Object.hasOwn(errorCodes, code),
      );
      expect({ name, dead, unknown }).toEqual({ name, dead: [], unknown: [] });
    }
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    for (const [, link = ''] of readme.matchAll(/\]\((docs\/guide\/[\w-]+\.md)\)/g))
      expect(existsSync(join(root, link)), link).toBe(true);
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  const python = blocks
    .filter(({ language }) => language === 'python')
    .map((block): [string, GuideBlock] => [block.place, block]);
  test.skipIf(!hasPython).each(python)('%s compiles', (_place, { text }) => {
    const compile = 'import sys; compile(sys.stdin.read(), "guide", "exec")';
    expect(spawnSync('python3', ['-c', compile], { input: text }).status).toBe(0);
  });

  test.each(marked('signature').filter(([, { language }]) => hasPython || language === 'js'))(
    '%s believes our signature and no other',
    (_place, { language, text }) => {
      const body = '{"text":"Alarm, übermäßig"}';
      const now = Date.now();
      const cases: [body: string, header: string, good: boolean][] = [
        [body, signatureOf(body, 'key', now), true],
        [body, signatureOf(body, 'other key', now), false],
        [`${body} `, signatureOf(body, 'key', now), false],
        [body, signatureOf(body, 'key', now - 600_000), false],
      ];
      for (const [given, header, good] of cases)
        expect(believes(language, text, { body: given, header })).toBe(good);
    },
  );
});

/** Asks the receiver of a guide, with the key `key`. */
function believes(
  language: string,
  text: string,
  { body, header }: { body: string; header: string },
): boolean {
  const ask =
    language === 'js'
      ? 'process.exit(isOurs(Buffer.from(process.argv.at(-2)), process.argv.at(-1), "key") ? 0 : 9);'
      : 'import sys\nsys.exit(0 if is_ours(sys.argv[-2].encode(), sys.argv[-1], "key") else 9)';
  const [command, flags] =
    language === 'js'
      ? [process.execPath, ['--input-type=module', '-e', `${text}\n${ask}`, '--']]
      : ['python3', ['-c', `${text}\n${ask}`]];
  const { status, stderr } = spawnSync(command, [...flags, body, header]);
  if (status !== 0 && status !== 9) throw new Error(stderr.toString());
  return status === 0;
}

describe('getting started, step by step', () => {
  let shell: GuideShell;
  beforeAll(async () => {
    shell = await openGuideShell();
  });
  afterAll(async () => {
    await shell[Symbol.asyncDispose]();
  });

  const steps = stepsOf(blocks, 'getting-started.md');

  test.each(steps)('%s', async (_place, step) => {
    const outcome = await step(shell);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).not.toContain('Error');
  });

  const asked = blocks
    .filter(({ mark }) => mark?.startsWith('answers ') === true)
    .map((block): [string, GuideBlock] => [block.place, block]);

  test.each(asked)('%s, asked of the running project', async (_place, { text, mark }) => {
    const outcome = await shell.run(text);
    const said = outcome.stdout.trim().split('\n').at(-1);
    expect({ code: outcome.code, said, stdout: outcome.stdout }).toMatchObject({
      code: 0,
      said: mark?.slice('answers '.length),
    });
  });
});
