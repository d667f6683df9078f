import type { Kysely } from 'kysely';

export const datasetSegmentsMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('dataset_segments')
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('from_sequence', 'bigint', (column) => column.notNull())
      .addColumn('to_sequence', 'bigint', (column) => column.notNull())
      .addColumn('files', 'integer', (column) => column.notNull())
      .addColumn('files_digest', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('dataset_segments_pk', ['dataset', 'from_sequence'])
      .execute();
  },
};
