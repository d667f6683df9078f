import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../base/app-error.ts';
import { errorEntry } from '../contract/error-codes.ts';
import type { GatewayRoute } from './find-route.ts';
import type { Gateway } from './gateway.ts';
import { messageOf } from '../base/message-of.ts';

/** A request whose body has been read, and the way to answer it. */
export type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  route: GatewayRoute;
  query: URLSearchParams;
  body: Buffer;
  /** Monotonic. */
  startedMs: number;
  expiresAtMs: number;
  gateway: Gateway;
};

const RETRY_AFTER_SECONDS = '1';
const JSON_TYPE = 'application/json';

export function answerJson(exchange: Exchange, status: number, text: string): void {
  answerText(exchange, status, JSON_TYPE, text);
}

export function answerText(
  { response, gateway }: Exchange,
  status: number,
  contentType: string,
  text: string,
): void {
  if (response.headersSent || response.destroyed) return;
  // The client is told not to send another request on a connection that is about to close.
  if (gateway.draining) response.shouldKeepAlive = false;
  const sizeBytes = Buffer.byteLength(text);
  response.writeHead(status, { 'content-type': contentType, 'content-length': sizeBytes });
  // A text of ASCII alone goes out as Latin-1, which costs the socket less than UTF-8.
  response.end(text, sizeBytes === text.length ? 'latin1' : 'utf8');
}

/** Answers a refusal in the words of the protocol that was spoken. */
export function answerError(exchange: Exchange, error: unknown): void {
  const known =
    error instanceof AppError
      ? error
      : new AppError('INTERNAL', messageOf(error), { cause: error });
  const { status, help } = errorEntry(known.code);
  const { response, route } = exchange;
  countRefusal(exchange, status);
  if (response.headersSent || response.destroyed) return;
  if (status === 429 || status === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  if (status === 415) answerText(exchange, status, 'text/plain; charset=utf-8', known.message);
  else answerJson(exchange, status, errorText(route, known, known.help ?? help));
}

function countRefusal({ route, gateway }: Exchange, status: number): void {
  const name =
    route.kind === 'predict' ? route.endpoint : route.kind === 'infer' ? route.model : '';
  // Unknown names must not make new time series.
  gateway.metrics.refused(gateway.routes.current.endpoints.has(name) ? name : '', status);
}

function errorText(
  route: GatewayRoute,
  { code, message, details }: AppError,
  help: string,
): string {
  switch (route.kind) {
    case 'server-metadata':
    case 'server-live':
    case 'server-ready':
    case 'model-metadata':
    case 'model-ready':
    case 'infer':
      return JSON.stringify({ error: message });
    case 'invocations':
    case 'ping':
    case 'version':
      return JSON.stringify({ error_code: mlflowCode(code), message });
    case 'predict':
    case 'control':
    case 'metrics':
      return JSON.stringify({ error: { code, message, help, ...details } });
    default:
      return route satisfies never;
  }
}

function mlflowCode(code: AppError['code']): string {
  const { status } = errorEntry(code);
  if (status === 404) return 'RESOURCE_DOES_NOT_EXIST';
  if (status === 429 || status === 503) return 'TEMPORARILY_UNAVAILABLE';
  return status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR';
}

/** The body as a JSON object; AppError GATEWAY_BAD_INPUT otherwise. */
export function readJson(exchange: Exchange): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(exchange.body.toString());
  } catch (error) {
    throw new AppError('GATEWAY_BAD_INPUT', `the body is not JSON: ${messageOf(error)}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new AppError('GATEWAY_BAD_INPUT', 'the body must be a JSON object');
  }
  return content as Record<string, unknown>;
}

/** Refuses a body that says it is something other than JSON; saying nothing is taken as JSON. */
export function requireJson({ request }: Exchange): void {
  const type = request.headers['content-type'];
  if (
    type === undefined ||
    type === JSON_TYPE ||
    /^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type)
  )
    return;
  const hint = type.startsWith('application/octet-stream')
    ? ' (binary tensors are not taken: send JSON tensors)'
    : '';
  throw new AppError(
    'GATEWAY_UNSUPPORTED_MEDIA',
    `Content-Type ${type} is not taken here, send application/json${hint}`,
  );
}
