import { sql, type Kysely } from 'kysely';

// The registry of MLflow's clients and of pipelines is one: versions without a pipeline run, tags, descriptions, stages.
export const mlflowRegistryMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await extendModels(db);
    await extendVersions(db);
    await createTags(db);
    await createWebhooks(db);
  },
};

async function extendModels(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('models').addColumn('description', 'text').execute();
  await db.schema
    .alterTable('models')
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`update models set updated_at_ms = created_at_ms`.execute(db);
  // A deleted model's numbers are not given again where gates and releases have spoken of them.
  await db.schema
    .createTable('model_numbers')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('last_number', 'integer', (column) => column.notNull())
    .execute();
}

/** SQLite cannot take NOT NULL from a column: the table is written anew, the same way on every engine. */
async function extendVersions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_versions_next')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text')
    .addColumn('source_run_id', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('model_id', 'text')
    .addColumn('run_link', 'text')
    .addColumn('description', 'text')
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('signature', 'text', (column) => column.notNull())
    .addColumn('features', 'text', (column) => column.notNull())
    .addColumn('metrics', 'text', (column) => column.notNull())
    .addColumn('produced', 'text', (column) => column.notNull())
    .addColumn('positive_class', 'integer')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_versions_key', ['model', 'number'])
    .addUniqueConstraint('model_versions_of_run', ['run_id', 'model'])
    .execute();
  await sql`insert into model_versions_next
    (model, number, version, digest, origin, run_id, source_run_id, source, stage, state, reason, signature, features,
     metrics, produced, positive_class, created_at_ms, changed_at_ms, updated_at_ms)
    select model, number, version, digest, 'pipeline', run_id, run_id,
      'mlflow-artifacts:/registered/' || model || '/' || version, 'None', state, reason, signature, features,
      metrics, produced, positive_class, created_at_ms, changed_at_ms, changed_at_ms
    from model_versions`.execute(db);
  await db.schema.dropTable('model_versions').execute();
  await db.schema.alterTable('model_versions_next').renameTo('model_versions').execute();
  await db.schema
    .createIndex('model_versions_by_version')
    .on('model_versions')
    .columns(['model', 'version'])
    .unique()
    .execute();
  await db.schema
    .createIndex('model_versions_by_state')
    .on('model_versions')
    .columns(['state', 'model', 'number'])
    .execute();
  await db.schema
    .createIndex('model_versions_by_source_run')
    .on('model_versions')
    .columns(['source_run_id', 'model', 'number'])
    .execute();
  await db.schema
    .createIndex('model_versions_by_update')
    .on('model_versions')
    .columns(['updated_at_ms', 'model', 'number'])
    .execute();
}

async function createTags(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_tags')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_tags_key', ['model', 'key'])
    .execute();
  await db.schema
    .createIndex('model_tags_by_key')
    .on('model_tags')
    .columns(['key', 'model'])
    .execute();
  await db.schema
    .createTable('model_version_tags')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_version_tags_key', ['model', 'number', 'key'])
    .execute();
  await db.schema
    .createIndex('model_version_tags_by_key')
    .on('model_version_tags')
    .columns(['key', 'model', 'number'])
    .execute();
}

async function createWebhooks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_webhooks')
    .addColumn('webhook_id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('secret', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('model_webhooks_by_creation')
    .on('model_webhooks')
    .columns(['created_at_ms', 'webhook_id'])
    .execute();
  await db.schema.alterTable('notifications').addColumn('webhook_id', 'text').execute();
}
