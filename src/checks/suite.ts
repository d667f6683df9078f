import { z } from 'zod';
import { parseYaml } from '../datasets/parse-yaml.ts';
import type { CheckKind, Severity } from './check.ts';
import { checkKinds } from './kinds/index.ts';

export type SuiteCheck = {
  kind: CheckKind;
  name: string;
  severity: Severity;
  config: Record<string, unknown>;
};
export type Suite = { path: string; checks: SuiteCheck[] };

const severity = z
  .enum(['stop', 'warn', 'retrain'])
  .optional()
  .describe('stop fails the step; warn only tells; retrain reports value skew');

function checkSchema() {
  const [first, ...rest] = checkKinds.map((kind) =>
    kind.config
      .extend({ kind: z.literal(kind.kind), name: z.string().optional(), severity })
      .strict()
      .describe(kind.summary),
  );
  return z.discriminatedUnion('kind', [first, ...rest] as [z.ZodObject, ...z.ZodObject[]]);
}

const suiteSchema = z.strictObject({
  'rondo-checks': z.literal(1),
  checks: z.array(checkSchema()).min(1),
});

const WORDS = [
  'rondo-checks',
  'checks',
  'kind',
  'name',
  'severity',
  ...checkKinds.map((kind) => kind.kind),
  ...new Set(checkKinds.flatMap((kind) => Object.keys(kind.config.shape))),
];

/** Reads a suite of checks. Throws `CHECK_SUITE_INVALID` with line, column and what was expected. */
export function parseSuite(text: string, path: string): Suite {
  const parsed = parseYaml(text, {
    path,
    schema: suiteSchema,
    code: 'CHECK_SUITE_INVALID',
    words: WORDS,
  });
  const checks = parsed.checks.flatMap((entry): SuiteCheck[] => {
    const { kind: kindName, name, severity: told, ...config } = entry as Record<string, unknown>;
    const kind = checkKinds.find((candidate) => candidate.kind === kindName);
    if (!kind) return [];
    const severity = (told as Severity | undefined) ?? kind.severity ?? 'stop';
    return [
      { kind, name: (name as string | undefined) ?? describe(kind, config), severity, config },
    ];
  });
  return { path, checks };
}

function describe(kind: CheckKind, config: Record<string, unknown>): string {
  const columns = kind.columns(config as never);
  return columns.length === 0 ? kind.kind : `${kind.kind} ${columns.join(', ')}`;
}
