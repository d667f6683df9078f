// Writes flights of a span of 2001 between the busiest airports, one file a day of arrival: node sample-data.mjs [FOLDER] [FROM] [TO]
// The flights are those of the npm package vega-datasets; DuckDB comes with Rondo.
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder = 'data/flights', from = '2001-01-01', to = '2001-02-05'] = process.argv.slice(2);
const source = join(
  dirname(createRequire(import.meta.url).resolve('vega-datasets')),
  '../data/flights-3m.parquet',
);
if (!existsSync(source)) throw new Error(`${source} is missing: npm install vega-datasets@3.2.1`);

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const texts = async (sql) =>
  (await connection.runAndReadAll(sql))
    .getRowsJson()
    .map(([value]) => (typeof value === 'string' ? value : ''));
// Whole traffic of few airports, not a few flights of all: shares of late flights stay true.
await connection.run(`
  create table flights as
  with numbered as (
    select row_number() over () as flight_id, date, delay::integer as delay, distance::integer as distance, origin, destination
    from read_parquet('${source}')
  ), busiest as (
    select origin as airport from numbered group by 1 order by count(*) desc limit 18
  ), landed as (
    select *, date + to_minutes((greatest(delay, 0) + distance // 8 + 30)::bigint) as landed_at from numbered
  )
  select *, date_trunc('hour', landed_at + interval '59 minutes 59 seconds') as arrived_at
  from landed
  where date >= timestamp '${from}' and landed_at < timestamp '${to}'
    and origin in (from busiest) and destination in (from busiest)`);

mkdirSync(folder, { recursive: true });
const days = await texts(
  `select distinct strftime(arrived_at, '%Y-%m-%d') from flights order by 1`,
);
for (const day of days) {
  await connection.run(`
    copy (select * from flights where arrived_at::date = date '${day}' order by landed_at, flight_id)
    to '${join(folder, `${day}.parquet`)}' (format parquet)`);
}
const [count] = await texts('select count(*)::varchar from flights');
console.log(`${count} flights in ${days.length} files in ${folder}`);
