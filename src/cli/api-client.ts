import { openAsBlob } from 'node:fs';
import { AppError } from '../base/app-error.ts';
import { errorCodes, type ErrorCode } from '../contract/error-codes.ts';
import type { Json } from '../base/json.ts';
import { sendRequest } from '../system/send-request.ts';

/** The server's HTTP API as a command uses it. Errors of the server come back as the `AppError` they were. */
export type ApiClient = {
  baseUrl: string;
  get<T>(path: string, query?: Record<string, string | number | boolean | undefined>): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body?: unknown): Promise<T>;
  /** Sends a file as it is, without reading it into memory. */
  upload<T>(
    path: string,
    query: Record<string, string | number | boolean | undefined>,
    file: string,
  ): Promise<T>;
  /** The raw response, for downloads and followed logs. */
  stream(
    path: string,
    query?: Record<string, string | number | boolean | undefined>,
  ): Promise<Response>;
};

export function createApiClient(options: { url: string; token: string | undefined }): ApiClient {
  const baseUrl = options.url.replace(/\/$/, '');
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  };
  const unreachable = (error: unknown): never => {
    throw new AppError('SERVER_UNREACHABLE', `No Rondo server answers at ${baseUrl}.`, {
      cause: error,
    });
  };
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const { status, text } = await sendRequest(baseUrl + path, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    }).catch(unreachable);
    if (status < 200 || status > 299) throw toAppError(status, text);
    return JSON.parse(text);
  };
  const withQuery = (
    path: string,
    query?: Record<string, string | number | boolean | undefined>,
  ): string => {
    const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    if (entries.length === 0) return path;
    return `${path}?${new URLSearchParams(Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))).toString()}`;
  };
  return {
    baseUrl,
    get: async <T>(path: string, query?: Record<string, string | number | boolean | undefined>) =>
      (await request('GET', withQuery(path, query))) as T,
    post: async <T>(path: string, body?: unknown) => (await request('POST', path, body ?? {})) as T,
    put: async <T>(path: string, body?: unknown) => (await request('PUT', path, body ?? {})) as T,
    async upload<T>(
      path: string,
      query: Record<string, string | number | boolean | undefined>,
      file: string,
    ) {
      const response = await fetch(baseUrl + withQuery(path, query), {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream' },
        body: await openAsBlob(file),
      }).catch(unreachable);
      const text = await response.text();
      if (!response.ok) throw toAppError(response.status, text);
      return JSON.parse(text) as T;
    },
    async stream(path, query) {
      const response = await fetch(baseUrl + withQuery(path, query), { headers }).catch(
        unreachable,
      );
      if (!response.ok) throw toAppError(response.status, await response.text());
      return response;
    },
  };
}

function toAppError(status: number, text: string): AppError {
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; help?: string; details?: Record<string, Json> };
    };
    const code = error.code in errorCodes ? (error.code as ErrorCode) : 'INTERNAL';
    return new AppError(code, error.message, {
      ...(error.help === undefined ? {} : { help: error.help }),
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  } catch {
    return new AppError('INTERNAL', `The server answered ${status}: ${text.slice(0, 300)}`);
  }
}
