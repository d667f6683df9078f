import { type Kysely, sql } from 'kysely';
import { sqlEngine } from '../sql-engine.ts';

export const mlflowTrackingMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('runs')
      .addColumn('origin', 'text', (column) => column.notNull().defaultTo('pipeline'))
      .execute();
    await db.schema
      .createIndex('runs_by_origin')
      .on('runs')
      .columns(['origin', 'start_time_ms', 'run_id'])
      .execute();
    // Clients show when an experiment was made; the default one is as old as its store.
    await sql`update experiments set creation_time_ms = ${Date.now()}, last_update_time_ms = ${Date.now()}
      where experiment_id = '0' and creation_time_ms = 0`.execute(db);
    await orderMetricsByTime(db);
    await addDatasets(db);
    await addLoggedModels(db);
  },
};

/** Histories are asked for by time; in that order they are read without sorting, and SQLite needs one tree instead of two. */
async function orderMetricsByTime(db: Kysely<unknown>): Promise<void> {
  const table = db.schema
    .createTable('metrics_by_time')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'double precision', (column) => column.notNull())
    .addColumn('is_nan', 'integer', (column) => column.notNull())
    .addColumn('step', 'bigint', (column) => column.notNull())
    .addColumn('timestamp_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('metrics_by_time_key', [
      'run_id',
      'key',
      'timestamp_ms',
      'step',
      'value',
      'is_nan',
    ]);
  await (sqlEngine(db) === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table).execute();
  await sql`insert into metrics_by_time (run_id, key, value, is_nan, step, timestamp_ms)
    select run_id, key, value, is_nan, step, timestamp_ms from metrics`.execute(db);
  await db.schema.dropTable('metrics').execute();
  await db.schema.alterTable('metrics_by_time').renameTo('metrics').execute();
}

async function addDatasets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tracked_datasets')
    .addColumn('dataset_id', 'text', (column) => column.primaryKey())
    .addColumn('experiment_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('source_type', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('schema', 'text')
    .addColumn('profile', 'text')
    .addUniqueConstraint('tracked_datasets_once', ['experiment_id', 'name', 'digest'])
    .execute();
  await db.schema
    .createIndex('tracked_datasets_by_name')
    .on('tracked_datasets')
    .columns(['name', 'digest'])
    .execute();
  await db.schema
    .createTable('run_inputs')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('dataset_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_inputs_key', ['run_id', 'dataset_id'])
    .execute();
  await db.schema
    .createIndex('run_inputs_by_dataset')
    .on('run_inputs')
    .columns(['dataset_id', 'run_id'])
    .execute();
  await db.schema
    .createTable('run_input_tags')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('dataset_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_input_tags_key', ['run_id', 'dataset_id', 'key'])
    .execute();
  await db.schema
    .createTable('run_models')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('direction', 'text', (column) => column.notNull())
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('step', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_models_key', ['run_id', 'direction', 'model_id', 'step'])
    .execute();
}

async function addLoggedModels(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('logged_models')
    .addColumn('model_id', 'text', (column) => column.primaryKey())
    .addColumn('experiment_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('artifact_location', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('status_message', 'text')
    .addColumn('model_type', 'text')
    .addColumn('source_run_id', 'text')
    .addColumn('lifecycle_stage', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('logged_models_by_experiment')
    .on('logged_models')
    .columns(['experiment_id', 'created_at_ms', 'model_id'])
    .execute();
  await db.schema
    .createIndex('logged_models_by_run')
    .on('logged_models')
    .column('source_run_id')
    .execute();
  for (const table of ['logged_model_params', 'logged_model_tags']) {
    await db.schema
      .createTable(table)
      .addColumn('model_id', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_key`, ['model_id', 'key'])
      .execute();
  }
  await db.schema
    .createTable('logged_model_metrics')
    .addColumn('model_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('timestamp_ms', 'bigint', (column) => column.notNull())
    .addColumn('step', 'bigint', (column) => column.notNull())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('value', 'double precision', (column) => column.notNull())
    .addColumn('dataset_name', 'text')
    .addColumn('dataset_digest', 'text')
    .addPrimaryKeyConstraint('logged_model_metrics_key', [
      'model_id',
      'key',
      'timestamp_ms',
      'step',
      'run_id',
    ])
    .execute();
}
