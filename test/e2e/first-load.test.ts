import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const dist = join(import.meta.dirname, '..', '..', 'web', 'dist');
const manifestPath = join(dist, 'manifest.json');
const LIMIT_KB = 300;

type Chunk = { file: string; isEntry?: boolean; imports?: string[]; css?: string[] };

function manifest(): Record<string, Chunk> {
  return JSON.parse(readFileSync(manifestPath, 'utf8')) as Record<string, Chunk>;
}

/** The files a browser reads before the first screen: a chunk, what it imports, and their styles. */
function filesOf(chunks: Record<string, Chunk>, names: readonly string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const chunk = chunks[name];
    if (!chunk || seen.has(name)) continue;
    seen.add(name);
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    left.push(...(chunk.imports ?? []));
  }
  return files;
}

function sizeKb(files: Iterable<string>): number {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(readFileSync(join(dist, file))).length;
  return bytes / 1000;
}

test('the first load is at most 300 kB gzip, and so is any screen with all it needs', (context) => {
  if (!existsSync(manifestPath)) {
    if (process.env.CI !== undefined) throw new Error('"npm run build:web" comes first.');
    return context.skip('no web/dist/manifest.json: npm run build:web');
  }
  const chunks = manifest();
  const entry = Object.keys(chunks).filter((name) => chunks[name]?.isEntry === true);
  expect(entry).toEqual(['index.html']);
  const first = sizeKb(filesOf(chunks, entry));
  const screens = Object.keys(chunks).filter((name) => /screens\/.*-screen\.tsx$/.test(name));
  const sizes = screens
    .map((name) => ({ name, kb: sizeKb(filesOf(chunks, [...entry, name])) }))
    .sort((left, right) => right.kb - left.kb);
  process.stdout.write(
    `first load ${first.toFixed(0)} kB gzip; largest screen ${sizes[0]?.name} ${sizes[0]?.kb.toFixed(0)} kB\n`,
  );
  expect(first).toBeLessThanOrEqual(LIMIT_KB);
  expect(screens.length).toBeGreaterThan(20);
  for (const { name, kb } of sizes) expect(kb, name).toBeLessThanOrEqual(LIMIT_KB);
});
