import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { missing } from './test/engines/engine.ts';
import { postgresEngine } from './test/engines/postgres.ts';

// Files that open a database by the harness: they run on both engines.
const onDatabase = globSync('src/**/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').includes('harness/test-context.ts'),
);

const noPostgres =
  process.env.RONDO_TEST_POSTGRES_URL === undefined ? missing(postgresEngine) : undefined;
if (noPostgres !== undefined) process.stderr.write(`Skipped on PostgreSQL: ${noPostgres}\n`);

const postgres =
  noPostgres === undefined
    ? [
        {
          test: {
            name: 'postgres',
            include: [...onDatabase, 'src/**/*.postgres.test.ts'],
            env: { RONDO_TEST_DATABASE: 'postgres' },
            testTimeout: 60_000,
            hookTimeout: 60_000,
            globalSetup: './test/harness/postgres-setup.ts',
          },
        },
      ]
    : [];

// `unit`: beside the source, seconds. `postgres`: those of them that store something, on a real PostgreSQL.
// `suite`: real processes, servers, browser, the demo once.
export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/architecture/*.test.ts'],
          exclude: ['src/**/*.postgres.test.ts'],
          testTimeout: 30_000,
        },
      },
      ...postgres,
      {
        test: {
          name: 'suite',
          include: ['test/{api,mlflow,simulation,golden,crash,package,e2e,guide}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          globalSetup: './test/harness/global-setup.ts',
        },
      },
    ],
  },
});
