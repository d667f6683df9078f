import { z } from 'zod';
import { AppError } from '../../../base/app-error.ts';
import * as schemas from '../../../contract/views/features-view.ts';
import { describeViews } from '../../../features/actions/describe-views.ts';
import { featuresView, featureView } from '../../../views/features-view.ts';
import type { Route } from '../../rondo-server.ts';

export const getFeatures: Route = (server, ctx) => {
  server.get(
    '/api/views/features',
    {
      schema: {
        summary: 'Feature views: freshness, missing values at serving, skew, who uses them',
        tags: ['views'],
        response: { 200: schemas.featuresView },
      },
    },
    async () =>
      featuresView(ctx.db, {
        views: await describeViews(ctx),
        nowMs: ctx.clocks.calendar.nowMs(),
      }),
  );
};

export const getFeatureView: Route = (server, ctx) => {
  server.get(
    '/api/views/features/:name',
    {
      schema: {
        summary: 'A feature view: definition, values as served and as stored, skew, who uses it',
        tags: ['views'],
        params: z.object({ name: z.string() }),
        response: { 200: schemas.featureView },
      },
    },
    async (request) => {
      const { name } = request.params;
      const view = await featureView(ctx.db, {
        views: await describeViews(ctx),
        name,
        nowMs: ctx.clocks.calendar.nowMs(),
      });
      if (!view) throw new AppError('NOT_FOUND', `There is no feature view ${name}.`);
      return view;
    },
  );
};
