import type { Kysely } from 'kysely';

export const commitsMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createCommits(db);
    await createDeployments(db);
    await extendRuns(db);
  },
};

async function createCommits(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('commits')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('sha', 'text', (column) => column.notNull().unique())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('committed_ms', 'bigint', (column) => column.notNull())
    .addColumn('seen_ms', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('bundle', 'text')
    .addColumn('started_ms', 'bigint')
    .addColumn('finished_ms', 'bigint')
    .addColumn('duration_ms', 'double precision')
    .execute();
  await db.schema
    .createIndex('commits_by_state')
    .on('commits')
    .columns(['state', 'number'])
    .execute();
  await db.schema
    .createTable('commit_checks')
    .addColumn('sha', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'double precision')
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('log', 'text')
    .addPrimaryKeyConstraint('commit_checks_key', ['sha', 'kind'])
    .execute();
}

async function createDeployments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('bundles')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('sha', 'text', (column) => column.notNull())
    .addColumn('files', 'integer', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('built_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('deployments')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('sha', 'text', (column) => column.notNull())
    .addColumn('bundle', 'text', (column) => column.notNull())
    .addColumn('pipelines', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('before_number', 'integer')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_ms', 'bigint')
    .execute();
  await db.schema
    .createIndex('deployments_by_state')
    .on('deployments')
    .columns(['state', 'number'])
    .execute();
  await db.schema
    .createIndex('deployments_by_commit')
    .on('deployments')
    .columns(['sha', 'number'])
    .execute();
}

/** Which commit a run was of; null for runs of the working tree. */
async function extendRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('pipeline_runs').addColumn('commit_sha', 'text').execute();
  await db.schema.alterTable('pipeline_runs').addColumn('bundle', 'text').execute();
  await db.schema.alterTable('pipeline_runs').addColumn('working_tree', 'integer').execute();
  await db.schema
    .createIndex('pipeline_runs_by_commit')
    .on('pipeline_runs')
    .columns(['commit_sha', 'run_id'])
    .execute();
}
