/** A piece of a filter: `name` may be several parts with dots, some quoted; `text` holds it as it was written. */
export type Token =
  | { kind: 'name'; text: string }
  /** A text in single quotes, without them. */
  | { kind: 'text'; text: string }
  | { kind: 'number'; text: string }
  | { kind: 'comparator'; text: string }
  | { kind: 'word'; text: string }
  | { kind: 'mark'; text: string }
  /** TRUE or FALSE, which nothing is compared with. */
  | { kind: 'constant'; text: string }
  | { kind: 'unknown'; text: string };

const WORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'IS', 'NULL', 'LIKE', 'ILIKE', 'RLIKE']);
const CONSTANTS = new Set(['TRUE', 'FALSE']);
const SPACE = /\s+/y;
const TEXT = /'((?:''|\\'|[^'])*)'/y;
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\p{L}\p{N}_.])/uy;
const COMPARATOR = /[<>=~!]+/y;
const PLAIN = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const AFTER_DOT = /[\p{L}\p{N}_][\p{L}\p{N}_$]*/uy;
const QUOTED = /`(?:``|[^`])*`|"(?:""|\\"|[^"])*"/y;
const MARK = /[(),;]/y;

/** Splits a filter into its pieces; what fits nowhere is one `unknown` piece each. */
export function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(filter);
  };
  while (at < filter.length) {
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    const text = match(TEXT);
    if (text) {
      tokens.push({ kind: 'text', text: text[1] ?? '' });
      at += text[0].length;
      continue;
    }
    const number = match(NUMBER);
    if (number) {
      tokens.push({ kind: 'number', text: number[0] });
      at += number[0].length;
      continue;
    }
    const name = nameAt(filter, at);
    if (name !== '') {
      tokens.push(wordOrName(name));
      at += name.length;
      continue;
    }
    const comparator = match(COMPARATOR);
    if (comparator) {
      tokens.push({ kind: 'comparator', text: comparator[0] });
      at += comparator[0].length;
      continue;
    }
    const mark = match(MARK);
    const length = mark ? 1 : Math.max(1, /^\S+/.exec(filter.slice(at))?.[0].length ?? 1);
    tokens.push({ kind: mark ? 'mark' : 'unknown', text: filter.slice(at, at + length) });
    at += length;
  }
  return tokens;
}

function wordOrName(name: string): Token {
  const upper = name.toUpperCase();
  if (WORDS.has(upper)) return { kind: 'word', text: upper };
  return { kind: CONSTANTS.has(upper) ? 'constant' : 'name', text: name };
}

/** A name at a place: plain or quoted parts with dots between them; empty when there is none. */
function nameAt(filter: string, start: number): string {
  let at = start;
  for (let first = true; ; first = false) {
    QUOTED.lastIndex = at;
    const quoted = QUOTED.exec(filter)?.[0];
    const pattern = first ? PLAIN : AFTER_DOT;
    pattern.lastIndex = at;
    const part = quoted ?? pattern.exec(filter)?.[0];
    if (part === undefined) return first ? '' : filter.slice(start, at - 1);
    at += part.length;
    if (filter[at] !== '.') return filter.slice(start, at);
    at += 1;
  }
}
