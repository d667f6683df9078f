import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const src = join(root, 'src');

/**
 * What each part may import besides itself, `contract` and `base`. `types:X` allows types of X only; `X/file.ts` one
 * file. ARCHITECTURE.md repeats this table, and the last test holds the two together.
 */
const DOMAIN = [
  'events',
  'storage',
  'types:system',
  'types:context.ts',
  'types:work.ts',
  'types:config',
];
const TABLE: Record<string, readonly string[]> = {
  contract: [],
  base: [],
  stats: [],
  system: ['types:context.ts'],
  config: ['types:context.ts'],
  storage: [],
  events: ['storage', 'types:context.ts'],
  pipelines: ['types:config', 'types:context.ts'],
  executors: ['types:pipelines', 'types:config', 'system', 'types:context.ts'],
  datasets: DOMAIN,
  tracking: DOMAIN,
  notifications: DOMAIN,
  checks: [...DOMAIN, 'datasets', 'stats'],
  features: [...DOMAIN, 'datasets', 'stats'],
  runs: [
    ...DOMAIN,
    'pipelines',
    'executors',
    'datasets',
    'checks',
    'features',
    'tracking',
    'serving',
  ],
  registry: [...DOMAIN, 'tracking'],
  serving: [
    ...DOMAIN,
    'registry',
    'features',
    'datasets',
    'stats',
    'executors',
    'system/send-request.ts',
  ],
  monitoring: [...DOMAIN, 'datasets', 'checks', 'features', 'registry', 'serving', 'stats'],
  delivery: [
    ...DOMAIN,
    'registry',
    'datasets',
    'features',
    'checks',
    'monitoring',
    'serving',
    'stats',
  ],
  projects: [...DOMAIN, 'datasets'],
  ci: [
    ...DOMAIN,
    'projects',
    'runs',
    'datasets',
    'features',
    'registry',
    'serving',
    'stats',
    'system/data-paths.ts',
  ],
  backup: DOMAIN,
  triggers: [...DOMAIN, 'runs', 'delivery', 'monitoring', 'datasets'],
  maturity: DOMAIN,
  lineage: DOMAIN,
  gateway: ['types:serving', 'stats', 'delivery/rollout.ts', 'delivery/assignment.ts', 'system'],
  views: ['types:storage', 'types:context.ts'],
};

type Import = { from: string; target: string; typeOnly: boolean };

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(src, path));
}

function importsOf(path: string): Import[] {
  const parsed = parseSync(path, readFileSync(path, 'utf8')).module;
  const found: { request: string; typeOnly: boolean }[] = [];
  for (const entry of parsed.staticImports) {
    const typeOnly = entry.entries.length > 0 && entry.entries.every((name) => name.isType);
    found.push({ request: entry.moduleRequest.value, typeOnly });
  }
  for (const entry of parsed.staticExports) {
    for (const name of entry.entries) {
      if (name.moduleRequest)
        found.push({ request: name.moduleRequest.value, typeOnly: name.isType });
    }
  }
  return found
    .filter(({ request }) => request.startsWith('.'))
    .map(({ request, typeOnly }) => ({
      from: relative(src, path),
      target: relative(src, resolve(dirname(path), request)),
      typeOnly,
    }));
}

function allowed({ from, target, typeOnly }: Import): boolean {
  const part = from.split('/')[0] ?? '';
  const other = target.split('/')[0] ?? '';
  if (part === other || !(part in TABLE)) return true;
  if ((other === 'contract' || other === 'base') && part !== 'contract') return true;
  return (TABLE[part] ?? []).some((rule) => {
    const name = rule.replace(/^types:/, '');
    const matches = name.endsWith('.ts') ? target === name : other === name;
    return matches && (typeOnly || !rule.startsWith('types:'));
  });
}

describe('imports', () => {
  const imports = sourceFiles().flatMap(importsOf);

  test('every part imports only what the table allows', () => {
    const broken = imports.filter((entry) => !allowed(entry));
    expect(broken.map((entry) => `${entry.from} -> ${entry.target}`)).toEqual([]);
  });

  test('the test sees a planted breach', () => {
    expect(allowed({ from: 'datasets/a.ts', target: 'delivery/rollout.ts', typeOnly: false })).toBe(
      false,
    );
    expect(allowed({ from: 'gateway/a.ts', target: 'delivery/rollout.ts', typeOnly: false })).toBe(
      true,
    );
    expect(allowed({ from: 'gateway/a.ts', target: 'events/event.ts', typeOnly: true })).toBe(
      false,
    );
    expect(
      allowed({ from: 'views/a.ts', target: 'storage/database/database.ts', typeOnly: false }),
    ).toBe(false);
    expect(imports.length).toBeGreaterThan(50);
  });

  test('no import cycles', () => {
    const graph = new Map<string, string[]>();
    for (const { from, target, typeOnly } of imports) {
      if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), target]);
    }
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const walk = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const target of graph.get(file) ?? []) walk(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of graph.keys()) walk(file, []);
    expect(cycles).toEqual([]);
  });

  test('every folder of src is in the table or is the edge', () => {
    const edge = new Set(['http', 'cli']);
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const unknown = folders
      .map((folder) => folder.name)
      .filter((name) => !(name in TABLE) && !edge.has(name));
    expect(unknown).toEqual([]);
  });

  test('http asks no store, and files of the API no database', () => {
    const broken = imports.filter(
      ({ from, target, typeOnly }) =>
        from.startsWith('http/') && !typeOnly && /-store\.ts$|^storage\/database/.test(target),
    );
    expect(broken.map((entry) => `${entry.from} -> ${entry.target}`)).toEqual([]);
  });

  test('ARCHITECTURE.md names every part', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    expect(Object.keys(TABLE).filter((part) => !text.includes(`\`${part}\``))).toEqual([]);
  });
});
