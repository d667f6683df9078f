import { canonicalJson } from '../../src/base/json.ts';
import type { TestContext } from './test-context.ts';

const HOUR_MS = 36e5;
const WEEK_MS = 168 * HOUR_MS;

/** Files, versions of every state, one validation. */
export async function seedDatasets(
  ctx: TestContext,
  startMs: number,
  weeks: number,
): Promise<void> {
  const endMs = startMs + weeks * WEEK_MS;
  const columns = canonicalJson([
    { name: 'date', type: 'TIMESTAMP' },
    { name: 'delay', type: 'INTEGER' },
    { name: 'distance', type: 'INTEGER' },
    { name: 'origin', type: 'VARCHAR' },
  ]);
  const profile = await ctx.blobs.put(canonicalJson(seededProfile(startMs, endMs)));
  await ctx.db
    .insertInto('datasets')
    .values({
      name: 'flights',
      sequence: 300,
      file_count: 300,
      quarantined_count: 1,
      row_count: 2_998_112,
      size_bytes: 41_000_000,
      changed_at_ms: endMs - HOUR_MS,
      scanned_at_ms: endMs,
      scan_error: null,
    })
    .execute();
  for (let file = 0; file < 300; file += 1) {
    const bad = file === 290;
    await ctx.db
      .insertInto('dataset_files')
      .values({
        dataset: 'flights',
        path: `data/flights/${String(file).padStart(4, '0')}.parquet`,
        added_sequence: file + 1,
        removed_sequence: null,
        digest: `sha256:${String(file).padStart(64, '0')}`,
        rows: bad ? 0 : 10_000,
        size_bytes: 140_000,
        mtime_ns: '0',
        inode: '0',
        min_event_ms: null,
        max_event_ms: null,
        min_available_ms: null,
        max_available_ms: null,
        status: bad ? 'quarantined' : 'accepted',
        reason: bad ? 'Column distance is text in 612 rows; the schema says integer.' : null,
        anomalies: null,
        columns,
        registered_at_ms: endMs - (299 - file) * HOUR_MS,
      })
      .execute();
  }
  for (let week = 0; week < weeks; week += 1) {
    await ctx.db
      .insertInto('dataset_versions')
      .values({
        dataset: 'flights',
        number: week + 1,
        digest: `sha256:${String(week + 1).padStart(64, 'a')}`,
        sequence: (week + 1) * 11,
        state: week === 20 ? 'invalid' : 'valid',
        rows: 115_000 * (week + 1),
        new_rows: 115_000,
        file_count: (week + 1) * 11,
        quarantined_count: week === 20 ? 1 : 0,
        size_bytes: 1_500_000 * (week + 1),
        min_event_ms: startMs,
        max_event_ms: startMs + (week + 1) * WEEK_MS,
        max_available_ms: startMs + (week + 1) * WEEK_MS,
        columns,
        profile_digest: profile.digest,
        anomalies: '[]',
        created_at_ms: startMs + (week + 1) * WEEK_MS - HOUR_MS,
      })
      .execute();
  }
  await ctx.db
    .insertInto('validations')
    .values({
      validation_id: 'validation_0001',
      dataset: 'flights',
      subject_kind: 'version',
      subject_id: '26',
      subject_digest: null,
      schema_digest: null,
      suite_path: 'checks/flights.yaml',
      suite_digest: null,
      run_id: null,
      passed: 1,
      total: 17,
      failed: 0,
      warned: 1,
      rows: 2_998_112,
      duration_ms: 420,
      created_at_ms: endMs - 2 * HOUR_MS,
    })
    .execute();
  await ctx.db
    .insertInto('validation_results')
    .values([
      {
        validation_id: 'validation_0001',
        position: 0,
        kind: 'between',
        name: 'delay between -120 and 1800',
        column: 'delay',
        passed: 1,
        severity: 'stop',
        observed: '-96 to 1471',
        expected: '-120 to 1800',
        unexpected_count: 0,
        sample_rows: '[]',
        proposal: null,
      },
      {
        validation_id: 'validation_0001',
        position: 1,
        kind: 'mean',
        name: 'mean of delay between 0 and 12',
        column: 'delay',
        passed: 0,
        severity: 'warn',
        observed: '13.2',
        expected: '0 to 12',
        unexpected_count: null,
        sample_rows: canonicalJson([{ delay: 410, origin: 'ORD' }]),
        proposal: null,
      },
    ])
    .execute();
}

/** A profile as a version's blob holds it, with a time, a number and a text column. */
function seededProfile(startMs: number, endMs: number): unknown {
  const rows = 115_000;
  const bins = (
    from: number,
    to: number,
    weight: (at: number) => number,
  ): { from: number; to: number; count: number }[] =>
    Array.from({ length: 30 }, (_, index) => ({
      from: from + ((to - from) / 30) * index,
      to: from + ((to - from) / 30) * (index + 1),
      count: Math.round(weight(index / 30) * 5000),
    }));
  const column = {
    rows,
    missing: 0,
    distinct: 1200,
    min: null,
    max: null,
    mean: null,
    sd: null,
    quantiles: [],
    histogram: [],
    top: [],
    isTime: false,
  };
  return {
    rows,
    columns: [
      {
        ...column,
        name: 'date',
        type: 'TIMESTAMP',
        isTime: true,
        histogram: bins(startMs, endMs, () => 1),
      },
      {
        ...column,
        name: 'delay',
        type: 'INTEGER',
        mean: 8.2,
        sd: 31.4,
        min: -96,
        max: 1471,
        missing: 230,
        histogram: bins(-60, 240, (at) => Math.exp(-((at - 0.2) ** 2) * 60)),
        quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map((q, index) => ({
          q,
          value: [-18, -9, -3, 8, 71][index] ?? 0,
        })),
      },
      {
        ...column,
        name: 'distance',
        type: 'INTEGER',
        mean: 711,
        sd: 552,
        histogram: bins(0, 4900, (at) => at * Math.exp(-at * 7) * 8),
      },
      {
        ...column,
        name: 'origin',
        type: 'VARCHAR',
        distinct: 229,
        top: ['ORD', 'DFW', 'ATL', 'LAX', 'PHX', 'STL', 'DEN'].map((value, index) => ({
          value,
          count: 7000 - index * 600,
        })),
      },
    ],
    partial: { rows: 0, columns: {} },
    added: null,
  };
}
