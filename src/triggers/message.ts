import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../base/app-error.ts';
import { nearestWord } from '../base/nearest-word.ts';

/** A message as its firing keeps it: what the sender's key stands for, so that the same key is never another message. */
export type StoredMessage = {
  key: string;
  /** SHA-256 of the body as canonical JSON. */
  digest: string;
  parameters: MessageParameters;
};

export type MessageParameters = Record<string, string | number | boolean>;

/** Messages of one trigger that may wait for a running pipeline. */
export const MOST_WAITING = 100;

/** A signature older than this may be a repetition by somebody else. */
const SIGNATURE_AGE_MS = 300_000;

/** Shorter secrets can be guessed. */
export const SHORTEST_SECRET = 16;

const KEY = /^[\w.:~+/=-]{1,200}$/;

/** The sender's key, with or without the quotes of an HTTP string. Throws `MESSAGE_KEY_INVALID`. */
export function messageKey(header: unknown): string {
  const text = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : '';
  if (KEY.test(text)) return text;
  throw new AppError(
    'MESSAGE_KEY_INVALID',
    text === ''
      ? 'The header Idempotency-Key is missing.'
      : 'The Idempotency-Key is longer than 200 characters or has others than letters, digits and . _ : ~ + / = -',
  );
}

/** The occasion of a message: one firing a key. */
export function messageOccasion(key: string): string {
  return `message:${key}`;
}

/** Whether the header `Authorization: Bearer SECRET` carries the secret; compared in constant time. */
export function bearerFits(header: string | undefined, secret: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(header ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digestOf(given), digestOf(secret));
}

/**
 * The header `Rondo-Signature` of a message: `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.KEY.BODY`. The key is signed
 * too, since with another key the same body would be another message.
 */
export function messageSignature(
  message: { key: string; body: Uint8Array; seconds: number },
  secret: string,
): string {
  const mac = createHmac('sha256', secret)
    .update(`${message.seconds}.${message.key}.`)
    .update(message.body)
    .digest('hex');
  return `t=${message.seconds},v1=${mac}`;
}

/** Whether a signature was made with the secret, within five minutes of `nowMs` (real time). */
export function signatureFits(
  header: string | undefined,
  message: { key: string; body: Uint8Array; nowMs: number },
  secret: string,
): boolean {
  const seconds = Number(/^t=(\d{1,12}),v1=[0-9a-f]{64}$/.exec(header ?? '')?.[1] ?? Number.NaN);
  // NaN is not near any time.
  if (!(Math.abs(message.nowMs - seconds * 1000) <= SIGNATURE_AGE_MS)) return false;
  const expected = messageSignature({ ...message, seconds }, secret);
  return timingSafeEqual(digestOf(header ?? ''), digestOf(expected));
}

/**
 * Parameters a message sets, each of the very type of its default in rondo.yaml.
 * Throws `PARAMETER_UNKNOWN`, `PARAMETER_INVALID`.
 */
export function checkMessageParameters(
  pipeline: string,
  declared: MessageParameters,
  given: MessageParameters,
): MessageParameters {
  for (const [name, value] of Object.entries(given)) {
    const usual = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (usual === undefined) {
      const near = nearestWord(name, Object.keys(declared));
      throw new AppError(
        'PARAMETER_UNKNOWN',
        `The pipeline "${pipeline}" has no parameter "${name}".`,
        near === undefined ? {} : { help: `Did you mean "${near}"?` },
      );
    }
    if (typeof value !== typeof usual) {
      throw new AppError(
        'PARAMETER_INVALID',
        `The parameter ${pipeline}.${name} is a ${typeof usual} (by default ${String(usual)}); ${JSON.stringify(value)} is not.`,
      );
    }
  }
  return given;
}

/** Digests are of one length, so that comparing them tells nothing of the secret's. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
