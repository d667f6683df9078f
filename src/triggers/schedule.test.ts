import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueInstant,
  nextInstant,
  nextInstants,
  scheduleProblem,
  type Schedule,
} from './schedule.ts';

const MINUTE = 60_000;

const walls = new Map<string, number>();

/** Wall time, remembered: the walks go over the same days again and again. */
function wall(ms: number, timezone: string): number {
  const key = `${timezone} ${ms}`;
  const known = walls.get(key) ?? readWall(ms, timezone);
  walls.set(key, known);
  return known;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall time of an instant, as if it were UTC, ms. */
function readWall(ms: number, timezone: string): number {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timezone, format);
  }
  const parts = new Map(format.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
  const get = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'));
}

type Simple = { minutes: number[]; hours: number[] | '*'; weekdays: number[] | '*' };

function matches(local: number, rule: Simple): boolean {
  const date = new Date(local);
  return (
    rule.minutes.includes(date.getUTCMinutes()) &&
    (rule.hours === '*' || rule.hours.includes(date.getUTCHours())) &&
    (rule.weekdays === '*' || rule.weekdays.includes(date.getUTCDay()))
  );
}

/**
 * Every minute walked one by one. Named hours: a wall time the clocks skip runs at the moment after the gap, one they
 * repeat runs the first time alone. `*` hours: each minute of real time whose wall time fits.
 */
function walk(rule: Simple, timezone: string, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  // Who begins in an hour that is repeated has had it once already.
  let newest = -Infinity;
  for (let ms = fromMs - 180 * MINUTE; ms <= fromMs; ms += MINUTE)
    newest = Math.max(newest, wall(ms, timezone));
  for (let ms = fromMs + MINUTE; ms <= toMs; ms += MINUTE) {
    const local = wall(ms, timezone);
    if (rule.hours === '*') {
      if (matches(local, rule)) found.push(ms);
      continue;
    }
    let skipped = false;
    for (let gap = newest + MINUTE; gap < local; gap += MINUTE) skipped ||= matches(gap, rule);
    if (skipped || (local > newest && matches(local, rule))) found.push(ms);
    newest = Math.max(newest, local);
  }
  return found;
}

function allUntil(schedule: Schedule, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  let next = nextInstant(schedule, fromMs);
  while (next !== null && next <= toMs) {
    found.push(next);
    next = nextInstant(schedule, next);
  }
  return found;
}

function cronOf(rule: Simple): string {
  const hours = rule.hours === '*' ? '*' : rule.hours.join(',');
  const weekdays = rule.weekdays === '*' ? '*' : rule.weekdays.join(',');
  return `${rule.minutes.join(',')} ${hours} * * ${weekdays}`;
}

const CHANGES: { timezone: string; atMs: number }[] = [
  { timezone: 'America/New_York', atMs: Date.UTC(2001, 3, 1, 7) },
  { timezone: 'America/New_York', atMs: Date.UTC(2001, 9, 28, 6) },
  { timezone: 'Europe/Berlin', atMs: Date.UTC(2026, 2, 29, 1) },
  { timezone: 'Europe/Berlin', atMs: Date.UTC(2026, 9, 25, 1) },
  { timezone: 'Australia/Lord_Howe', atMs: Date.UTC(2024, 9, 5, 15, 30) },
  { timezone: 'Australia/Lord_Howe', atMs: Date.UTC(2025, 3, 5, 15) },
  { timezone: 'Asia/Kolkata', atMs: Date.UTC(2026, 5, 1) },
];

const rules = fc.record({
  minutes: fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 3 }),
  hours: fc.oneof(
    fc.constant('*' as const),
    fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 2 }),
  ),
  weekdays: fc.oneof(
    fc.constant('*' as const),
    fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
  ),
});

describe('schedules', () => {
  test('agree with a walk over every minute round changes of summer time', () => {
    fc.assert(
      fc.property(
        rules,
        fc.constantFrom(...CHANGES),
        fc.oneof(fc.integer({ min: -1500, max: 0 }), fc.integer({ min: -70, max: 70 })),
        (rule, change, offset) => {
          const schedule: Schedule = { cron: cronOf(rule), timezone: change.timezone };
          const fromMs = change.atMs + offset * MINUTE;
          const toMs = change.atMs + 1500 * MINUTE;
          const expected = walk(rule, change.timezone, fromMs, toMs);
          const found = allUntil(schedule, fromMs, toMs);
          expect(found.map((ms) => new Date(ms).toISOString())).toEqual(
            expected.map((ms) => new Date(ms).toISOString()),
          );
        },
      ),
      { numRuns: 120 },
    );
  });

  test('after a downtime the latest instant is due, and the rest are counted', () => {
    const daily: Schedule = { cron: '0 4 * * *', timezone: 'UTC' };
    const consideredMs = Date.UTC(2026, 0, 5, 4);
    expect(dueInstant(daily, { consideredMs, nowMs: Date.UTC(2026, 0, 6, 3, 59) })).toBeNull();
    expect(dueInstant(daily, { consideredMs, nowMs: Date.UTC(2026, 0, 6, 4) })).toEqual({
      instantMs: Date.UTC(2026, 0, 6, 4),
      missed: 0,
    });
    expect(dueInstant(daily, { consideredMs, nowMs: Date.UTC(2026, 0, 10, 12) })).toEqual({
      instantMs: Date.UTC(2026, 0, 10, 4),
      missed: 4,
    });
  });

  test('any downtime ends at the last instant before now', () => {
    const timezone = fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe');
    fc.assert(
      fc.property(
        rules,
        timezone,
        fc.integer({ min: 0, max: 45 * 1440 }),
        (rule, zone, minutes) => {
          const schedule = { cron: cronOf(rule), timezone: zone };
          const consideredMs = Date.UTC(2026, 9, 1);
          const nowMs = consideredMs + minutes * MINUTE;
          const due = dueInstant(schedule, { consideredMs, nowMs });
          const all = allUntil(schedule, consideredMs, nowMs);
          const missed = Math.min(1000, all.length - 1);
          expect(due).toEqual(all.length === 0 ? null : { instantMs: all.at(-1), missed });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('years of a line that runs each minute cost no more than a glance', () => {
    const schedule = { cron: '* * * * *', timezone: 'UTC' };
    const startedMs = performance.now();
    const nowMs = Date.UTC(2026, 0, 5, 12, 0, 30);
    expect(dueInstant(schedule, { consideredMs: Date.UTC(2016, 0, 1), nowMs })).toEqual({
      instantMs: Date.UTC(2026, 0, 5, 12),
      missed: 1000,
    });
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  test.each([
    ['61 * * * *', 'UTC', /no cron line.*61/],
    ['* * * *', 'UTC', /no cron line/],
    ['* * * * * *', 'UTC', /no cron line/],
    ['0 0 31 2 *', 'UTC', /never comes/],
    ['0 4 * * 1', 'Mars/Base', /time zone/],
  ])('%s in %s is refused in words', (cron, timezone, text) => {
    expect(scheduleProblem({ cron, timezone })).toMatch(text);
  });

  test('a good line has no problem and a next instant', () => {
    const schedule = { cron: '0 4 * * 1', timezone: 'Europe/Berlin' };
    expect(scheduleProblem(schedule)).toBeUndefined();
    expect(nextInstants(schedule, Date.UTC(2026, 2, 23), 2)).toEqual([
      Date.UTC(2026, 2, 23, 3),
      Date.UTC(2026, 2, 30, 2),
    ]);
    expect(nextInstant(schedule, Date.UTC(2026, 0, 5, 2, 59))).toBe(Date.UTC(2026, 0, 5, 3));
    expect(nextInstant(schedule, Date.UTC(2026, 0, 5, 3))).toBe(Date.UTC(2026, 0, 12, 3));
  });
});
