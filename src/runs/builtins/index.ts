import type { Builtin } from './builtin.ts';
import { checksBuiltin } from './checks.ts';
import { extractBuiltin } from './extract.ts';
import { scoreBuiltin } from './score.ts';

/** Every built-in step. */
export const builtins: readonly Builtin[] = [checksBuiltin, extractBuiltin, scoreBuiltin];
