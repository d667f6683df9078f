import { readFile } from 'node:fs/promises';
import { AppError } from '../base/app-error.ts';
import { errorCodes, type ErrorCode } from '../contract/error-codes.ts';
import type { FeaturePush, GatewayState } from '../contract/gateway-state.ts';
import type { FeatureUpdate, RouteTable } from '../contract/route-table.ts';
import { sendRequest, type Answer } from '../system/send-request.ts';

/** The control routes of a gateway, as the server speaks them. Every call may be repeated without harm. */
export type GatewayClient = {
  readonly address: string;
  state(): Promise<GatewayState>;
  /** Resolves when the table is live; AppError GATEWAY_MODEL_UNLOADABLE leaves the old one in force. */
  putRoutes(table: RouteTable): Promise<void>;
  /** Gives the sequence the gateway has then. A portion it knows already changes nothing. */
  pushFeatures(push: FeaturePush<FeatureUpdate>): Promise<{ storeId: string; sequence: number }>;
  /** Moves a replayed calendar on, after everything asked before is in the spool. */
  setCalendar(window: { nowMs: number; untilMs: number }): Promise<void>;
  /** Takes a release back at once. False when it was taken back already. */
  rollBack(release: string, reason: string): Promise<boolean>;
  /** Resolves when every request and silent score so far is in the spool. */
  flush(): Promise<GatewayState>;
  /** Scores rows of named fields by one version, each for itself; nothing is recorded. */
  scoreRows(order: {
    model: string;
    version: string;
    rows: readonly Record<string, unknown>[];
  }): Promise<{ scores: (number | null)[]; errors: { row: number; message: string }[] }>;
};

const ANSWER_WITHIN_MS = 60_000;

/** A client of the gateway at `address`; `tokenFile` is DATA/gateway/token, which the gateway makes at its first start. */
export function gatewayClient(options: { address: string; tokenFile: string }): GatewayClient {
  const { address, tokenFile } = options;
  let token: string | undefined;

  async function call<T>(method: string, action: string, content?: unknown): Promise<T> {
    const url = `${address}/control/${action}`;
    const body = content === undefined ? null : JSON.stringify(content);
    let response = await send(url, method, body);
    // A data directory made anew has a new token.
    if (response.status === 401) {
      token = undefined;
      response = await send(url, method, body);
    }
    const { status, text } = response;
    if (status < 200 || status > 299) throw refusalOf(url, status, text);
    return JSON.parse(text) as T;
  }

  async function send(url: string, method: string, body: string | null): Promise<Answer> {
    token ??= await readToken(tokenFile);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = () => sendRequest(url, { method, body, headers, timeoutMs: ANSWER_WITHIN_MS });
    try {
      // A connection kept from before a restart of the gateway breaks at its next use.
      return await request().catch(() => request());
    } catch (error) {
      throw new AppError('GATEWAY_UNREACHABLE', `the gateway at ${address} does not answer`, {
        cause: error,
      });
    }
  }

  return {
    address,
    state: () => call('GET', 'state'),
    putRoutes: async (table) => {
      await call('PUT', 'routes', table);
    },
    pushFeatures: (push) => call('POST', 'features', push),
    setCalendar: async (window) => {
      await call('POST', 'calendar', window);
    },
    rollBack: async (release, reason) =>
      (await call<{ rolledBack: boolean }>('POST', 'rollback', { release, reason })).rolledBack,
    flush: () => call('POST', 'flush', {}),
    scoreRows: (order) => call('POST', 'score', order),
  };
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new AppError(
      'GATEWAY_UNREACHABLE',
      `the gateway has not started yet: there is no ${file}`,
      {
        cause: error,
      },
    );
  }
}

/** The gateway's own error, with its code where it is one of ours. */
function refusalOf(url: string, status: number, text: string): AppError {
  let code: ErrorCode = 'INTERNAL';
  let message = `${url} answered ${status}: ${text.slice(0, 300)}`;
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    if (error?.code && Object.hasOwn(errorCodes, error.code)) code = error.code as ErrorCode;
    if (error?.message) message = error.message;
  } catch {
    // Not JSON: the status and the beginning of the text say what came.
  }
  return new AppError(code, message);
}
