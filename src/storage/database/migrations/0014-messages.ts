import type { Kysely } from 'kysely';

export const messagesMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('trigger_firings').addColumn('message', 'text').execute();
  },
};
