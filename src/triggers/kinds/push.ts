import { z } from 'zod';
import { formatDuration } from '../../contract/fields.ts';
import { eventsAfter, findEvent } from '../../events/event-store.ts';
import { coolDownField, defineTriggerKind } from '../trigger-kind.ts';
import { BATCH } from '../trigger-store.ts';

/** A commit was deployed: its pipeline runs at once, on the data as they are. */
export const push = defineTriggerKind({
  kind: 'push',
  summary: 'Starts when a commit is deployed',
  config: z.object({ cool_down: coolDownField }),
  cause: 'push',
  patient: true,
  sentence: ({ cool_down: coolDown }) =>
    `Starts when a commit is deployed${coolDown > 0 ? `, at most every ${formatDuration(coolDown)}` : ''}.`,
  upcoming: () => [],
  nextLookMs: () => null,
  /** A rule that came with the commit starts for that commit already. */
  async freshFrom(db) {
    const last = await db
      .selectFrom('events')
      .select('position')
      .where('type', '=', 'pipeline.deployed')
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
    return last ? last.position - 1 : null;
  },
  async occasions(ctx, rule, since) {
    const events = await eventsAfter(ctx.db, {
      position: since.position,
      types: ['pipeline.deployed'],
      limit: BATCH,
    });
    return {
      occasions: events
        .filter((event) => (event.data.pipelines as string[]).includes(rule.pipeline))
        .map((event) => ({
          occasion: event.eventId,
          eventId: event.eventId,
          dueMs: event.atMs,
          text: `commit ${(event.data.sha as string).slice(0, 7)} was deployed`,
          missed: 0,
        })),
      considered: { ...since, position: events.at(-1)?.position ?? since.position },
    };
  },
  async obsolete(ctx, _rule, { eventId }) {
    const code = ctx.project.code();
    const event = eventId === null ? undefined : await findEvent(ctx.db, eventId);
    if (!event || event.data.sha === code.commit) return null;
    return `commit ${(event.data.sha as string).slice(0, 7)} is not deployed any more`;
  },
});
