import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { StatementSync } from 'node:sqlite';
import pg from 'pg';
import { collectSpool } from '../../src/serving/actions/collect-spool.ts';
import { testContext } from '../harness/test-context.ts';

// The part of a server that collects the spool, as a process of its own that kills itself: DIR deletion|statement N.
// `deletion`: after N deletions of segments, before the next one: between the commit of its last record and its end.
// `statement`: before the Nth statement of its database, whatever that one would have done.
const [dir = '', moment, nth = '0'] = process.argv.slice(2);
const ctx = await testContext({ dir });
let left = Number(nth);

function dieOrCount(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  left -= 1;
}

if (moment === 'deletion') {
  const remove = fs.rm;
  fs.rm = async (path, options) => {
    if (String(path).endsWith('.jsonl')) dieOrCount();
    return remove(path, options);
  };
  syncBuiltinESMExports();
}
if (moment === 'statement') {
  for (const name of ['run', 'all', 'get', 'iterate'] as const) {
    const run = StatementSync.prototype[name] as (...values: unknown[]) => unknown;
    Object.defineProperty(StatementSync.prototype, name, {
      value(this: StatementSync, ...values: unknown[]) {
        dieOrCount();
        return run.apply(this, values);
      },
    });
  }
  const query = pg.Client.prototype.query as (...values: unknown[]) => unknown;
  Object.defineProperty(pg.Client.prototype, 'query', {
    value(this: pg.Client, ...values: unknown[]) {
      dieOrCount();
      return query.apply(this, values);
    },
  });
}
while (await collectSpool(ctx));
process.exit(0);
