import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { fitLogistic } from '../steps/fit-logistic.ts';
import { federalHolidays, holidayTable } from '../steps/holidays.ts';
import { lookups, score } from '../steps/model.ts';

const FIRST_DAY = Date.UTC(2001, 0, 1);
const holidays = holidayTable(730);

void test('federal holidays fall on their days, and the table marks them', () => {
  const days = federalHolidays(2001).map((at) => new Date(at).toISOString().slice(5, 10));
  assert.deepEqual(days.slice(0, 5), ['01-01', '01-15', '02-19', '05-28', '07-04']);
  assert.equal(holidays[(Date.UTC(2001, 6, 4) - FIRST_DAY) / 86_400_000], 1);
  assert.equal(
    holidays.reduce((sum, day) => sum + day, 0),
    20,
  );
});

void test('hours, weekdays and days outside their range are taken for the nearest', () => {
  const model = { longDistance: 2000, holidays };
  assert.deepEqual(lookups([25, 0, 100, -3], model), { hour: 23, weekday: 0, landing: 0 });
  assert.deepEqual(lookups([0, 7, 2500, 10], model), { hour: 0, weekday: 6, landing: 11 });
});

void test('training on few records learns them, and a missing value is the mean', () => {
  const rows = Array.from({ length: 40 }, (_, i) => [
    i % 2 === 0 ? 6 : 20,
    1 + (i % 7),
    500,
    i,
    0.2,
    0.2,
  ]);
  const late = rows.map(([hour]) => (hour === 20 ? 1 : 0));
  const { coefficients, logLoss } = fitLogistic({ rows, late }, { l2: 0.01, holidays });
  assert.ok(logLoss < 0.1, `log-loss ${logLoss}`);
  const known = score([20, 3, 500, 5, 0.2, 0.2], coefficients);
  const missing = score([20, 3, 500, 5, null, 0.2], coefficients);
  assert.ok(Math.abs(known - missing) < 1e-6);
});

void test('the share of late flights is that of the airport alone', async () => {
  const sql = readFileSync(new URL('../features/origin-delay.sql', import.meta.url), 'utf8');
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  await duck.run(`create table flights as select i as flight_id, if(i % 2 = 0, 'AAA', 'BBB') as origin, 'CCC' as destination,
    if(i % 2 = 0, 60, 0) as delay, timestamp '2001-01-01' + interval (i - 2) hour as date,
    timestamp '2001-01-01' + interval (i) hour as landed_at,
    timestamp '2001-01-01' + interval (i + 1) hour as arrived_at from range(80) t(i)`);
  const read = await duck.runAndReadAll(
    `select origin, min(late_share), max(late_share) from (${sql.replace(/--.*/g, '')}) group by origin order by origin`,
  );
  assert.deepEqual(read.getRowsJS(), [
    ['AAA', 1, 1],
    ['BBB', 0, 0],
  ]);
});
