import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../base/app-error.ts';
import type { RondoServer, Route, RouteContext } from '../rondo-server.ts';
import { sendMlflowError } from './errors.ts';
import { parseFields, type Fields, type FieldSpecs } from './fields.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type MlflowCall<S extends FieldSpecs> = {
  ctx: RouteContext;
  fields: Fields<S>;
  /** Parts of the address, as `:modelId`. */
  params: Readonly<Record<string, string>>;
  request: FastifyRequest;
  reply: FastifyReply;
};

/** One address of the MLflow protocol. */
export type MlflowRoute = {
  method: Method;
  /** After `/api/2.0/mlflow/`, as `runs/create`. */
  path: string;
  /** Versions of the API that have it; 2.0 unless told. */
  versions: readonly string[];
  /** The screens of MLflow ask for it under `/ajax-api` alone. */
  ajaxOnly: boolean;
  summary: string;
  answer(call: Omit<MlflowCall<FieldSpecs>, 'fields'>): Promise<unknown>;
};

/**
 * Defines an address of the MLflow protocol: its fields come from the query of a GET and from the JSON body otherwise.
 * What `handle` gives is answered as JSON; undefined is `{}`, a `RawJson` is sent as it is, and the reply itself means
 * that it has answered.
 */
export function mlflowRoute<S extends FieldSpecs>(route: {
  method: Method;
  path: string;
  versions?: readonly string[];
  ajaxOnly?: boolean;
  summary: string;
  fields: S;
  handle(call: MlflowCall<S>): unknown;
}): MlflowRoute {
  return {
    method: route.method,
    path: route.path,
    versions: route.versions ?? ['2.0'],
    ajaxOnly: route.ajaxOnly ?? false,
    summary: route.summary,
    answer: async (call) => route.handle({ ...call, fields: fieldsOf(route.fields, call.request) }),
  };
}

/** JSON that is text already. */
export class RawJson {
  readonly body: string | Readable;
  constructor(body: string | Readable) {
    this.body = body;
  }
}

/** Serves addresses of the MLflow protocol under `/api` and, for MLflow's own screens, under `/ajax-api`. */
export function serveMlflow(routes: readonly MlflowRoute[]): Route {
  return (server, ctx) => {
    void server.register((scope, _options, done) => {
      parseBodies(scope as unknown as RondoServer);
      scope.setErrorHandler(sendMlflowError);
      for (const route of routes) addRoute(scope as unknown as RondoServer, ctx, route);
      for (const root of ['api', 'ajax-api']) {
        for (const version of ['2.0', '3.0']) {
          scope.all(`/${root}/${version}/mlflow/*`, { schema: { hide: true } }, unknownAddress);
        }
      }
      done();
    });
  };
}

function unknownAddress(request: FastifyRequest): never {
  throw new AppError(
    'ENDPOINT_NOT_FOUND',
    `This server has no ${request.method} ${request.url.replace(/\?.*$/, '')}.`,
  );
}

function addRoute(scope: RondoServer, ctx: RouteContext, route: MlflowRoute): void {
  for (const version of route.versions) {
    for (const root of route.ajaxOnly ? ['ajax-api'] : ['api', 'ajax-api']) {
      scope.route({
        method: route.method,
        url: `/${root}/${version}/mlflow/${route.path}`,
        exposeHeadRoute: false,
        schema:
          root === 'api' ? { summary: route.summary, tags: ['mlflow'] } : ({ hide: true } as const),
        handler: async (request, reply) => {
          const params = request.params as Record<string, string>;
          const answer = await route.answer({ ctx, params, request, reply });
          if (answer === reply) return reply;
          const body = answer instanceof RawJson ? answer.body : JSON.stringify(answer ?? {});
          return reply.type('application/json').send(body);
        },
      });
    }
  }
}

function fieldsOf<S extends FieldSpecs>(specs: S, request: FastifyRequest): Fields<S> {
  const fromQuery = request.method === 'GET';
  const given = (fromQuery ? request.query : request.body) ?? {};
  const text = bodyTexts.get(given);
  return parseFields(specs, given as Record<string, unknown>, {
    fromQuery,
    textOf: (name) => (text === undefined ? undefined : numberText(text, name)),
  });
}

/** Bodies as they were written, for error texts. */
const bodyTexts = new WeakMap<object, string>();

/** What JSON.parse tells a reviver since ECMAScript 2025. */
type Source = { source?: string };

/** The number a body has under a name, as it was written there. */
function numberText(body: string, name: string): string | undefined {
  const found: { holder: unknown; text: string | undefined }[] = [];
  const note = function (this: unknown, key: string, value: unknown, context?: Source): unknown {
    if (key === name && typeof value === 'number')
      found.push({ holder: this, text: context?.source });
    return value;
  };
  const root: unknown = JSON.parse(body, note);
  return found.find(({ holder }) => holder === root)?.text;
}

/** JSON bodies as MLflow's clients send them: none at all is an empty object, old ones encode the object twice. */
function parseBodies(scope: RondoServer): void {
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      let body: unknown = text.length === 0 ? {} : JSON.parse(text as string);
      if (typeof body === 'string') body = JSON.parse(body);
      if (typeof body !== 'object' || Array.isArray(body)) throw new SyntaxError('no object');
      const object = body ?? {};
      bodyTexts.set(object, text as string);
      done(null, object);
    } catch {
      done(
        new AppError('INVALID_PARAMETER_VALUE', 'The body of the request is not a JSON object.'),
      );
    }
  });
}
