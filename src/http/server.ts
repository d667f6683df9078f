import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import { fastifySSE } from '@fastify/sse';
import { fastify, LogController } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { AppError } from '../base/app-error.ts';
import { isStepToken } from '../runs/actions/is-step-token.ts';
import { sendError } from './error-response.ts';
import { guardOrigin } from './guard-origin.ts';
import type { RondoServer, RouteContext } from './rondo-server.ts';
import { routes } from './routes/index.ts';
import { addSignIn, asksForPage, sendSignIn } from './sign-in.ts';

/** Builds the HTTP server with every route, the OpenAPI document and the screens. It does not listen yet. */
export async function createServer(
  ctx: RouteContext,
  options: { host: string; token: string | undefined; version: string },
): Promise<RondoServer> {
  const server = fastify({
    loggerInstance: ctx.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    // Open event streams would keep close() waiting for ever.
    forceCloseConnections: true,
    bodyLimit: 16 << 20,
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers['x-request-id']) ?? ctx.ids.next('request'),
    routerOptions: { maxParamLength: 500 },
  }).withTypeProvider<ZodTypeProvider>() as unknown as RondoServer;
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error, request, reply) => {
    const unknown = error instanceof AppError && error.code === 'UNAUTHENTICATED';
    if (unknown && asksForPage(request)) sendSignIn(reply);
    else sendError(error, request, reply);
  });
  const guard = guardOrigin({ ...options, isStepToken: (token) => isStepToken(ctx, token) });
  server.addHook('onRequest', (request, reply, done) => {
    void reply
      .header('x-content-type-options', 'nosniff')
      .header('x-frame-options', 'DENY')
      .header('x-request-id', request.id);
    try {
      guard(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? '';
    const { statusCode: status, elapsedTime } = reply;
    ctx.operations.metrics.request({ method, route, status }, elapsedTime / 1000);
    const level = status >= 400 || method !== 'GET' ? 'info' : 'debug';
    request.log[level](
      { method, route, path: pathOf(request.url), status, ms: Math.round(elapsedTime * 10) / 10 },
      'request',
    );
    done();
  });
  await server.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Rondo', version: options.version } },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await server.register(fastifySSE);
  await server.register((scope, _options, done) => {
    for (const route of routes) route(scope as unknown as RondoServer, ctx);
    scope.get('/api/openapi.json', { schema: { hide: true } }, () => server.swagger());
    done();
  });
  addSignIn(server, options.token);
  await serveScreens(server);
  await server.ready();
  return server;
}

/** What a client or a proxy calls a request is what the logs call it, when it is a plain word. */
function requestId(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

/** Without the query: it may carry what a user has typed. */
function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

async function serveScreens(server: RondoServer): Promise<void> {
  const root = fileURLToPath(new URL('../../web/dist', import.meta.url));
  if (existsSync(root)) {
    await server.register(fastifyStatic, { root, wildcard: false, index: ['index.html'] });
  }
  server.setNotFoundHandler((request, reply) => {
    const wantsPage =
      request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (wantsPage && !request.url.startsWith('/api/') && existsSync(root))
      return reply.sendFile('index.html');
    return reply.status(404).send({
      error: {
        code: 'NOT_FOUND',
        message: `There is no ${request.method} ${request.url}.`,
        help: 'GET /api/openapi.json lists every address.',
      },
    });
  });
}
