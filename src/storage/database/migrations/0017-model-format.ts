import type { Kysely } from 'kysely';

/** What runs a version: until now ONNX Runtime alone. */
export const modelFormatMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('model_versions')
      .addColumn('format', 'text', (column) => column.notNull().defaultTo('onnx'))
      .execute();
  },
};
