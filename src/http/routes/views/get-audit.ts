import { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError } from '../../../base/app-error.ts';
import * as schemas from '../../../contract/views/audit-view.ts';
import { auditView, eventView, exportEvents } from '../../../views/audit-view.ts';
import type { Route } from '../../rondo-server.ts';

export const getAudit: Route = (server, ctx) => {
  server.get(
    '/api/views/audit',
    {
      schema: {
        summary: 'Events newest first with filters, and how far the audit chain has come',
        tags: ['views'],
        querystring: schemas.auditQuery,
        response: { 200: schemas.auditView },
      },
    },
    (request) => auditView(ctx.db, request.query),
  );
};

export const getEventView: Route = (server, ctx) => {
  server.get(
    '/api/views/events/:event',
    {
      schema: {
        summary: 'An event: its data, its seal, what else happened to the same subject',
        tags: ['views'],
        params: z.object({ event: z.string() }),
        response: { 200: schemas.eventView },
      },
    },
    async (request) => {
      const view = await eventView(ctx.db, request.params.event);
      if (!view) throw new AppError('NOT_FOUND', `There is no event ${request.params.event}.`);
      return view;
    },
  );
};

export const exportAudit: Route = (server, ctx) => {
  server.get(
    '/api/audit/export',
    {
      schema: {
        summary: 'Events in order of commit as lines of JSON, each with its seal',
        tags: ['audit'],
        querystring: schemas.auditFilter,
      },
    },
    (request, reply) =>
      reply
        .type('application/x-ndjson')
        .header('content-disposition', 'attachment; filename="audit.jsonl"')
        .send(Readable.from(exportEvents(ctx.db, request.query))),
  );
};
