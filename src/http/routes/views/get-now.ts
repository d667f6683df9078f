import { nowView } from '../../../contract/views/frame-view.ts';
import type { Route } from '../../rondo-server.ts';

const STATES = { ok: 'ok', warning: 'unknown', failed: 'down' } as const;
const KEEP_MS = 5000;

export const getNow: Route = (server, ctx) => {
  // Every open screen asks; the parts are looked at once in five seconds.
  let health:
    | { atMs: number; parts: { part: string; state: 'ok' | 'down' | 'unknown'; text: string }[] }
    | undefined;
  server.get(
    '/api/views/now',
    {
      schema: {
        summary:
          'The calendar, the project and the health of its parts, for the frame of the screens',
        tags: ['views'],
        response: { 200: nowView },
      },
    },
    async () => {
      const realMs = ctx.clocks.monotonic.nowMs();
      if (!health || realMs - health.atMs > KEEP_MS) {
        const { findings } = await ctx.operations.examine();
        health = {
          atMs: realMs,
          parts: [
            { part: 'server', state: 'ok', text: `version ${ctx.operations.version}` },
            ...findings.map((finding) => ({
              part: finding.part,
              state: STATES[finding.state],
              text: finding.detail,
            })),
          ],
        };
      }
      const { calendar } = ctx.clocks;
      return {
        project: ctx.project.definition().project,
        calendar: { kind: calendar.kind, nowMs: calendar.nowMs() },
        health: health.parts,
      };
    },
  );
};
