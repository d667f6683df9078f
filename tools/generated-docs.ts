import { Readable } from 'node:stream';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCodes } from '../src/contract/error-codes.ts';
import { projectSchema } from '../src/config/project-file/project-definition.ts';
import { createServerMetrics } from '../src/system/server-metrics.ts';
import { createServer } from '../src/http/server.ts';
import { foundGateway } from '../src/serving/found-gateway.ts';
import { projectVariants } from '../src/project-variants.ts';
import { projectFilePage } from './project-file-page.ts';
import { testContext } from '../test/harness/test-context.ts';

/** Path to content of every document made from the code: error table, JSON Schema of rondo.yaml, OpenAPI. */
export async function generatedDocs(): Promise<Record<string, string>> {
  return {
    'docs/guide/errors.md': errorsPage(),
    'docs/guide/project-file.md': projectFilePage(),
    'docs/rondo.schema.json': `${JSON.stringify(projectJsonSchema(), null, 2)}\n`,
    'docs/openapi.json': `${JSON.stringify(await openApi(), null, 2)}\n`,
  };
}

const EXITS: Record<number, string> = {
  1: 'failed',
  2: 'usage',
  3: 'not found',
  4: 'refused by a rule',
  5: 'environment',
  6: 'no server',
};

function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, entry]) =>
      `| \`${code}\` | ${entry.status} | ${entry.exit} (${EXITS[entry.exit] ?? ''}) | ${entry.help} |`,
  );
  return [
    '# Errors',
    '',
    'The API answers errors as `{ "error": { "code", "message", "help" } }` with the HTTP status below; the command line prints',
    'the message and the help and ends with the exit code.',
    '',
    '| code | status | exit code | what to try |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function projectJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(projectSchema(projectVariants), {
    io: 'input',
    unrepresentable: 'any',
  });
  return { title: 'rondo.yaml', ...schema };
}

async function openApi(): Promise<unknown> {
  const dir = await mkdtemp(join(tmpdir(), 'rondo-docs-'));
  try {
    await using ctx = await testContext({ dir });
    const none = (): Promise<never> => Promise.reject(new Error('documents only'));
    const operations = {
      version: '0',
      token: undefined,
      examine: none,
      settle: none,
      backup: () => Readable.from([]),
      publishRoutes: none,
      rollBackPipeline: none,
      advanceCalendar: none,
      gateway: foundGateway(ctx.paths.gateway),
      metrics: createServerMetrics({
        version: '0',
        dataFolder: dir,
        figures: () => Promise.reject(new Error('documents only')),
      }),
    };
    const server = await createServer(
      { ...ctx, operations },
      { host: '127.0.0.1', token: undefined, version: '0' },
    );
    const { body } = await server.inject({
      url: '/api/openapi.json',
      headers: { host: '127.0.0.1' },
    });
    await server.close();
    return JSON.parse(body);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
