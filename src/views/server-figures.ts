import type { MeasuredFigures } from '../contract/server-figures.ts';
import type { ReadDatabase } from '../storage/database/database.ts';

/** What the server's metrics say of its database at the moment they are read; every count goes through an index. */
export async function serverFigures(db: ReadDatabase): Promise<MeasuredFigures> {
  const count = (n: { n: number } | undefined): number => Number(n?.n ?? 0);
  const [queued, running, releases, alarms, notifications, last, sealed, spool, views] =
    await Promise.all([
      activeRuns(db, 'queued'),
      activeRuns(db, 'running'),
      db
        .selectFrom('releases')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('state', '=', 'running')
        .executeTakeFirst(),
      db
        .selectFrom('alarms')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('state', '=', 'open')
        .executeTakeFirst(),
      db
        .selectFrom('notifications')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('state', '=', 'pending')
        .executeTakeFirst(),
      db
        .selectFrom('events')
        .select((eb) => eb.fn.max('position').as('n'))
        .executeTakeFirst(),
      db
        .selectFrom('event_seals')
        .select((eb) => eb.fn.max('position').as('n'))
        .executeTakeFirst(),
      db
        .selectFrom('spool_cursors')
        .select((eb) => eb.fn.sum<number>('predictions').as('n'))
        .executeTakeFirst(),
      db
        .selectFrom('feature_views')
        .innerJoin('datasets', 'datasets.name', 'feature_views.dataset')
        .select([
          'feature_views.name as view',
          'feature_views.file_sequence as at',
          'datasets.sequence as to',
        ])
        .where('feature_views.state', '=', 'current')
        .execute(),
    ]);
  return {
    runs: { queued: count(queued), running: count(running) },
    releases: count(releases),
    alarms: count(alarms),
    notificationsPending: count(notifications),
    eventsTotal: count(last),
    eventsUnsealed: Math.max(0, count(last) - count(sealed)),
    predictionsTotal: count(spool),
    featureLagFiles: views.map(({ view, at, to }) => ({ view, files: Math.max(0, to - at) })),
  };
}

function activeRuns(db: ReadDatabase, state: string): Promise<{ n: number } | undefined> {
  return db
    .selectFrom('pipeline_runs')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('state', '=', state)
    .executeTakeFirst();
}
