import type { Context } from '../context.ts';
import { eventsAfter } from './event-store.ts';

const AT_ONCE = 500;
/** What of an event's data tells which thing it is about. */
const NAMES = ['run', 'pipeline', 'step', 'model', 'version', 'endpoint', 'release', 'dataset'];

/**
 * Writes a line to the log (level `info`) for every event from now on, with the ids of the run, model, release or dataset
 * it is about, so that a log store can follow one of them. Gives what stops it; does nothing when `info` is not logged.
 */
export async function logEvents(ctx: Pick<Context, 'db' | 'bus' | 'logger'>): Promise<() => void> {
  if (!ctx.logger.isLevelEnabled('info')) return () => undefined;
  const last = await ctx.db
    .selectFrom('events')
    .select((eb) => eb.fn.max('position').as('position'))
    .executeTakeFirst();
  let position = last?.position ?? 0;
  let turn: Promise<void> = Promise.resolve();
  let waiting = false;
  const write = async (): Promise<void> => {
    waiting = false;
    for (;;) {
      const events = await eventsAfter(ctx.db, { position, limit: AT_ONCE });
      for (const event of events) {
        const data = event.data as Record<string, unknown>;
        const named = Object.fromEntries(
          NAMES.flatMap((name) => {
            const value = data[name];
            return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
          }),
        );
        const { kind, id } = event.subject;
        const about = kind === 'run' ? { run: id } : { subject: `${kind}:${id}` };
        ctx.logger.info(
          { event: event.eventId, type: event.type, ...named, ...about, actor: event.actor },
          'event',
        );
        position = event.position;
      }
      if (events.length < AT_ONCE) return;
    }
  };
  return ctx.bus.listen(() => {
    if (waiting) return;
    waiting = true;
    turn = turn.then(write).catch((error: unknown) => {
      ctx.logger.warn({ err: error }, 'events could not be logged');
    });
  });
}
