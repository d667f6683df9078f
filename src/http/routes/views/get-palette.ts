import { paletteView as schema } from '../../../contract/views/frame-view.ts';
import { paletteItems } from '../../../views/palette-view.ts';
import type { Route } from '../../rondo-server.ts';
import { paletteActions } from './palette-actions.ts';

export const getPalette: Route = (server, ctx) => {
  server.get(
    '/api/views/palette',
    {
      schema: {
        summary: 'What the palette can go to and what it can order',
        tags: ['views'],
        response: { 200: schema },
      },
    },
    async () => ({ items: await paletteItems(ctx.db), actions: await paletteActions(ctx) }),
  );
};
