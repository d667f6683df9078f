import { spawnSync } from 'node:child_process';
import { beforeAll, afterAll, expect, test } from 'vitest';
import { demoData, demoRun, type DemoRun } from '../harness/demo-data.ts';
import { mainFile, type RunningRondo } from '../harness/start-rondo.ts';

// Everything here reads the data of the suite's one run of the demo.
let demo: DemoRun;
let rondo: RunningRondo;

beforeAll(async () => {
  demo = await demoRun();
  rondo = await demoData();
}, 600_000);
afterAll(async () => {
  await rondo?.stop();
});

const command = (...args: string[]) =>
  spawnSync(process.execPath, [mainFile, ...args, '--url', rondo.url], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });

test('the demo ends well: every planted fault is caught, each with evidence that resolves', async () => {
  expect(demo.exitCode, demo.output).toBe(0);
  expect(demo.summary.faults.map((fault) => fault.kind).toSorted()).toEqual([
    'corrupted-batch',
    'failing-model',
    'leaking-feature',
    'server-killed',
  ]);
  for (const fault of demo.summary.faults) {
    expect(fault.caught, fault.by).toBe(true);
    expect(fault.evidence.length).toBeGreaterThan(0);
    for (const id of fault.evidence) {
      expect(await rondo.api.get(`/api/events/${id}`)).toMatchObject({
        eventId: id,
        seal: expect.any(String),
      });
    }
  }
});

test('commits: tested, deployed, trained, served and seen; the one that looks into the future served nobody', async () => {
  const { commits, maturity } = demo.summary;
  const [first] = commits;
  const improved = commits.find((commit) => commit.subject.includes('product joins'));
  const leaking = commits.find((commit) => commit.subject.includes('as soon as it lands'));
  for (const commit of [first, improved]) {
    const states = Object.values(commit?.records ?? {}).map((station) => station.state);
    expect(states, commit?.subject).toEqual(Array.from({ length: 6 }, () => 'done'));
    for (const id of Object.values(commit?.records ?? {}).flatMap((record) => record.eventIds))
      expect(await rondo.api.get(`/api/events/${id}`)).toMatchObject({ eventId: id });
  }
  expect(leaking?.records).toMatchObject({
    ci: { state: 'done' },
    deployment: { state: 'done' },
    training: { state: 'done' },
    service: { state: 'failed', summary: expect.stringContaining('differs in') as string },
    monitoring: { state: 'waiting' },
  });
  expect(commits.at(-1)?.state).toBe('deployed');
  expect(commits.at(-1)?.subject).toMatch(/^Revert/);
  expect(maturity.requirements.length).toBeGreaterThan(10);
});

test('every prediction was answered and collected', () => {
  const { sent, answered, failed, collected } = demo.summary.predictions;
  expect(sent).toBeGreaterThanOrEqual(300_000);
  expect({ answered, failed, collected }).toEqual({ answered: sent, failed: 0, collected: sent });
});

test('models were promoted and refused with reasons, retrained by themselves, and nobody was asked', () => {
  const { releases, weeks, retrainings, humanActions } = demo.summary;
  expect(releases.promoted).toBeGreaterThanOrEqual(1);
  expect(releases.refused).toBeGreaterThanOrEqual(1);
  expect((retrainings.alarm ?? 0) + (retrainings['new-data'] ?? 0)).toBeGreaterThanOrEqual(1);
  expect(humanActions).toBe(0);
  expect(weeks).toHaveLength(26);
  for (const week of weeks.filter((week) => week.decision === 'refused'))
    expect(week.reason.length).toBeGreaterThan(20);
});

test('the late rates are those of the data', () => {
  const rate = (week: string): number =>
    demo.summary.weeks.find((entry) => entry.week === week)?.lateRate ?? Number.NaN;
  // Over all flights: 0.288 in the week of 19 February, 0.111 in that of 23 April; the demo asks a tenth of them.
  expect(rate('2001-02-19')).toBeCloseTo(0.288, 1);
  expect(rate('2001-04-23')).toBeCloseTo(0.111, 1);
});

test('the audit chain is intact', () => {
  const verdict = command('audit', 'verify', '--json');
  expect(verdict.status, verdict.stderr).toBe(0);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ kind: 'intact', unsealed: 0 });
});

test('every release replays to the same bytes', () => {
  const releases = command('releases', '--json');
  expect(releases.status, releases.stderr).toBe(0);
  const { items } = JSON.parse(releases.stdout) as { items: { releaseId: string }[] };
  expect(items.length).toBeGreaterThan(1);
  for (const { releaseId: id } of items) {
    const replay = command('releases', 'replay', id, '--json');
    expect(replay.status, replay.stdout + replay.stderr).toBe(0);
    expect(JSON.parse(replay.stdout)).toMatchObject({ identical: true });
  }
});

test('all logged vectors recomputed offline from the raw files: no mismatch', () => {
  const result = command('features', 'verify', '--json');
  expect(result.status, result.stdout + result.stderr).toBe(0);
  const report = JSON.parse(result.stdout) as { vectors: number; differing: number };
  expect(report.vectors).toBeGreaterThanOrEqual(300_000);
  expect(report.differing).toBe(0);
});
