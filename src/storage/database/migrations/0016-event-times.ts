import type { Kysely } from 'kysely';

/** Events of some types since an instant: what maturity is computed from. */
export const eventTimesMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createIndex('events_by_type_and_time')
      .on('events')
      .columns(['type', 'at_ms'])
      .execute();
  },
};
