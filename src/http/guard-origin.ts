import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../base/app-error.ts';
import { isLoopback } from '../config/config.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route asks for a secret of its own instead of the server's token. */
    ownAuthentication?: boolean;
  }
}

/**
 * Refuses requests that a foreign page could have caused (DNS rebinding, cross-site requests): on a loopback address
 * Host must be a loopback name; on any address an Origin must be the Host itself; elsewhere a token is needed.
 */
export function guardOrigin(options: {
  host: string;
  token: string | undefined;
  isStepToken(token: string): boolean;
}) {
  return (request: FastifyRequest): void => {
    const host = request.headers.host ?? '';
    if (
      isLoopback(options.host) &&
      !isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))
    ) {
      throw new AppError(
        'FORBIDDEN_HOST',
        `The Host header "${host}" is not a name of this machine's loopback.`,
      );
    }
    const origin = request.headers.origin;
    if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) {
      throw new AppError('FORBIDDEN_HOST', `A page of ${origin} may not call this server.`);
    }
    if (
      options.token !== undefined &&
      request.url !== '/health' &&
      request.url !== '/sign-in' &&
      request.routeOptions.config.ownAuthentication !== true &&
      !hasToken(request, options.token) &&
      !(isOfMlflow(request.url) && options.isStepToken(givenToken(request)))
    ) {
      throw new AppError('UNAUTHENTICATED', 'This server asks for its token.');
    }
  };
}

function hasToken(request: FastifyRequest, token: string): boolean {
  return tokenMatches(givenToken(request), token);
}

/** What a step may ask for with its own token: the MLflow protocol, and nothing else of this server. */
function isOfMlflow(url: string): boolean {
  return /^\/(?:api\/[23]\.0\/mlflow(?:-artifacts)?\/|version$)/.test(url);
}

/** The token as a bearer, as the password of Basic (MLflow's clients have both), or from the cookie of a browser. */
function givenToken(request: FastifyRequest): string {
  const header = request.headers.authorization ?? '';
  if (header.startsWith('Bearer ')) return header.slice(7);
  if (header.startsWith('Basic ')) {
    const pair = Buffer.from(header.slice(6), 'base64').toString('utf8');
    return pair.slice(pair.indexOf(':') + 1);
  }
  const cookie = /(?:^|;\s*)rondo_token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  return decodeURIComponent(cookie ?? '');
}

/** Compares in constant time. */
export function tokenMatches(given: string, token: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}
