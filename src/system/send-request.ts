import * as http from 'node:http';
import * as https from 'node:https';

export type Answer = { status: number; text: string };

const plain = new http.Agent({ keepAlive: true });
const secure = new https.Agent({ keepAlive: true });

/**
 * One HTTP request with a small text body and its whole answer, over kept connections. For the calls that server,
 * gateway and command line make of each other many times a second: `fetch` takes more than twice as long for each.
 * Rejects when the connection breaks or the answer has not come within `timeoutMs`.
 */
export function sendRequest(
  url: string,
  message: {
    method: string;
    headers: Record<string, string>;
    body: string | null;
    timeoutMs?: number;
  },
): Promise<Answer> {
  const { method, body, timeoutMs } = message;
  const headers =
    body === null
      ? message.headers
      : { ...message.headers, 'content-length': String(Buffer.byteLength(body)) };
  const target = new URL(url);
  const [client, agent] = target.protocol === 'https:' ? [https, secure] : [http, plain];
  return new Promise((resolve, reject) => {
    const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
    const outgoing = client.request(target, { method, headers, agent, ...signal }, (incoming) => {
      const parts: string[] = [];
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => parts.push(part));
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, text: parts.join('') });
      });
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}
