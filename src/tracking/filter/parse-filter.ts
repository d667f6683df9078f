import { AppError } from '../../base/app-error.ts';
import type { FilterEntity, FilterGrammar } from './grammars.ts';
import { tokensOf, type Token } from './tokens.ts';

export type Comparator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL';

/** One comparison of a filter; all of a filter's must hold. `value` fits the comparator: a list for IN, null for IS NULL. */
export type Condition = {
  entity: FilterEntity;
  key: string;
  comparator: Comparator;
  value: string | number | readonly string[] | null;
};

const NUMBERS: readonly string[] = ['>', '>=', '!=', '=', '<', '<='];
const TEXTS: readonly string[] = ['!=', '=', 'LIKE', 'ILIKE'];
const LISTS: readonly string[] = ['IN', 'NOT IN'];
const NULLS: readonly string[] = ['IS NULL', 'IS NOT NULL'];
const DATASET_KEYS = ['name', 'digest', 'context'];

/** A comparison as it was written: name, comparator, and what stands on its right. */
type Written = { name: string; comparator: string; right: Token | readonly Token[] | null };

/**
 * Reads a filter of MLflow's search functions: comparisons joined by AND. Throws INVALID_PARAMETER_VALUE with the texts
 * its clients know.
 */
export function parseFilter(filter: string | undefined, grammar: FilterGrammar): Condition[] {
  if (filter === undefined || filter.trim() === '') return [];
  return writtenOf(filter).map((written) => conditionOf(written, grammar));
}

function refuse(message: string): AppError {
  return new AppError('INVALID_PARAMETER_VALUE', message);
}

function isMark(token: Token | undefined, mark: string): boolean {
  return token?.kind === 'mark' && token.text === mark;
}

function writtenOf(filter: string): Written[] {
  const tokens = tokensOf(filter);
  if (isMark(tokens.at(-1), ';')) tokens.pop();
  if (tokens.some((token) => isMark(token, ';'))) {
    throw refuse(
      `Search filter contained multiple expression '${filter}'. Provide AND-ed expression list.`,
    );
  }
  const found: Written[] = [];
  let at = 0;
  const invalid = (): AppError =>
    refuse(
      `Invalid clause(s) in filter string: '${tokens
        .slice(at)
        .map((token) => token.text)
        .join(' ')}'`,
    );
  while (at < tokens.length) {
    if (found.length > 0) {
      if (tokens[at]?.text !== 'AND' || tokens[at]?.kind !== 'word') throw invalid();
      at += 1;
    }
    const name = tokens[at];
    if (name?.kind !== 'name') throw invalid();
    const read = comparisonAt(tokens, at + 1);
    if (!read) throw invalid();
    found.push({ name: name.text, comparator: read.comparator, right: read.right });
    at = read.next;
  }
  if (found.length === 0) throw invalid();
  return found;
}

function comparisonAt(
  tokens: readonly Token[],
  at: number,
): { comparator: string; right: Written['right']; next: number } | undefined {
  const words = tokens
    .slice(at, at + 3)
    .map((token) => (token.kind === 'word' ? token.text : ''))
    .join(' ');
  if (words.startsWith('IS NOT NULL'))
    return { comparator: 'IS NOT NULL', right: null, next: at + 3 };
  if (words.startsWith('IS NULL')) return { comparator: 'IS NULL', right: null, next: at + 2 };
  if (words.startsWith('NOT IN')) return listAt(tokens, at + 2, 'NOT IN');
  if (words.startsWith('IN')) return listAt(tokens, at + 1, 'IN');
  const pattern = /^(?:NOT )?(?:LIKE|ILIKE|RLIKE)\b/.exec(words)?.[0];
  const first = tokens[at];
  const width = pattern === undefined ? 1 : pattern.split(' ').length;
  const right = tokens[at + width];
  if (pattern === undefined && first?.kind !== 'comparator') return undefined;
  if (!right || ['comparator', 'word', 'mark', 'unknown'].includes(right.kind)) return undefined;
  return { comparator: pattern ?? first?.text ?? '', right, next: at + width + 1 };
}

function listAt(
  tokens: readonly Token[],
  at: number,
  comparator: string,
): ReturnType<typeof comparisonAt> {
  if (!isMark(tokens[at], '(')) return undefined;
  const end = tokens.findIndex((token, index) => index > at && isMark(token, ')'));
  if (end < 0) return undefined;
  return { comparator, right: tokens.slice(at + 1, end), next: end + 1 };
}

function conditionOf(written: Written, grammar: FilterGrammar): Condition {
  const { entity, key } = identify(written.name, grammar, [...grammar.text, ...grammar.numbers]);
  const { comparator, right } = written;
  if (NULLS.includes(comparator)) {
    if (!grammar.nullable.includes(entity)) {
      throw refuse(
        `IS NULL / IS NOT NULL is only supported for tags and params, not for '${entity}' '${key}'`,
      );
    }
    return { entity, key, comparator: comparator as Comparator, value: null };
  }
  const numeric = entity === 'metric' || (entity === 'attribute' && grammar.numbers.includes(key));
  const value = valueOf({ entity, key, numeric }, right, grammar);
  const lists = entity === 'attribute' || entity === 'dataset' ? LISTS : [];
  const allowed = numeric ? NUMBERS : [...TEXTS, ...lists];
  if (!allowed.includes(comparator)) {
    throw refuse(`Invalid comparator '${comparator}' not one of '${allowed.join(', ')}'`);
  }
  return { entity, key, comparator: comparator as Comparator, value };
}

/** Which key of which entity a name means. */
export function identify(
  name: string,
  grammar: FilterGrammar,
  attributes: readonly string[],
): { entity: FilterEntity; key: string } {
  const dot = name.indexOf('.');
  const word = dot < 0 ? 'attribute' : unquoted(name.slice(0, dot));
  const entity = dot < 0 ? 'attribute' : grammar.entities[word];
  if (entity === undefined) {
    throw refuse(
      `Invalid entity type '${word}'. Valid values are [${Object.keys(grammar.entities).join(', ')}]`,
    );
  }
  const written = unquoted(name.slice(dot + 1));
  const key = entity === 'attribute' ? (grammar.aliases[written] ?? written) : written;
  if (entity === 'attribute' && !attributes.includes(key)) {
    throw refuse(
      `Invalid attribute key '${key}' specified. Valid keys are '${attributes.join(', ')}'`,
    );
  }
  if (entity === 'dataset' && !DATASET_KEYS.includes(key)) {
    throw refuse(
      `Invalid dataset key '${key}' specified. Valid keys are '${DATASET_KEYS.join(', ')}'`,
    );
  }
  return { entity, key };
}

function unquoted(text: string): string {
  const quoted = /^(["'`])([\s\S]*)\1$/.exec(text);
  return quoted && text.length >= 2 ? (quoted[2] ?? '') : text;
}

function valueOf(
  left: { entity: FilterEntity; key: string; numeric: boolean },
  right: Written['right'],
  grammar: FilterGrammar,
): string | number | readonly string[] {
  if (right === null) throw refuse('Invalid comparison clause. Expected 3 tokens found 2');
  if (isList(right)) return listOf(left, right, grammar);
  const shown = right.kind === 'text' ? `'${right.text}'` : right.text;
  if (left.numeric) {
    if (right.kind === 'number') return Number(right.text);
    if (right.kind === 'text' && grammar.quotedNumbers && /^\s*[-+]?\d+\s*$/.test(right.text))
      return Number(right.text);
    throw refuse(
      left.entity === 'metric'
        ? `Expected numeric value type for metric. Found ${shown}`
        : `Expected numeric value type for numeric attribute: ${left.key}. Found ${shown}`,
    );
  }
  if (right.kind === 'text') return right.text;
  if (grammar.bareTexts && right.kind === 'number') return right.text;
  if (right.kind === 'name') {
    // A text in double quotes reads as a name.
    if (/^"[\s\S]*"$/.test(right.text)) return right.text.slice(1, -1);
    throw refuse(
      `Parameter value is either not quoted or unidentified quote types used for string value ${right.text}. Use either single or double quotes.`,
    );
  }
  throw refuse(
    left.entity === 'attribute'
      ? `Expected a quoted string value for attributes. Got value ${shown}`
      : `Expected a quoted string value for ${left.entity} (e.g. 'my-value'). Got value ${shown}`,
  );
}

function isList(right: Token | readonly Token[]): right is readonly Token[] {
  return Array.isArray(right);
}

function listOf(
  left: { entity: FilterEntity; key: string },
  tokens: readonly Token[],
  grammar: FilterGrammar,
): string[] {
  if (left.entity === 'attribute') {
    if (grammar.lists !== 'all' && !grammar.lists.includes(left.key)) {
      throw refuse(
        `Only [${grammar.lists.map((key) => `'${key}'`).join(', ')}] attributes support comparison with a list of quoted string values.`,
      );
    }
  } else if (left.entity !== 'dataset') {
    throw refuse(`Expected a quoted string value for ${left.entity} (e.g. 'my-value'). Got a list`);
  }
  const values: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (index % 2 === 1) {
      if (isMark(token, ',')) continue;
      throw illFormed();
    }
    if (token.kind === 'text') values.push(token.text);
    else if (token.kind === 'name' && /^"[\s\S]*"$/.test(token.text))
      values.push(token.text.slice(1, -1));
    else if (token.kind === 'number') {
      throw refuse(
        'While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list',
      );
    } else throw illFormed();
  }
  if (values.length === 0) {
    throw refuse(
      'While parsing a list in the query, expected a non-empty list of string values, but got empty list',
    );
  }
  return values;
}

function illFormed(): AppError {
  return refuse(
    'While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.',
  );
}
