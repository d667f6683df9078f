import type { Database } from '../../src/storage/database/database.ts';
import type { TriggerDoors } from '../../src/triggers/trigger-kind.ts';
import { triggerDoors } from '../../src/triggers/work.ts';
import type { TestContext } from './test-context.ts';

/** Lets the process die at the n-th of the points where it touches the database or starts a run. */
export function dying(ctx: TestContext, fatal: number): { ctx: TestContext; doors: TriggerDoors } {
  let point = 0;
  const reach = (): void => {
    point += 1;
    if (point === fatal) throw new Error('killed');
  };
  const real = triggerDoors(ctx);
  const db = new Proxy(ctx.db, {
    get(target, name) {
      if (name !== 'transaction') {
        const part: unknown = Reflect.get(target, name);
        return typeof part === 'function' ? (part.bind(target) as unknown) : part;
      }
      return () => ({
        execute: async (use: Parameters<ReturnType<Database['transaction']>['execute']>[0]) => {
          reach();
          const result = await target.transaction().execute(use);
          reach();
          return result;
        },
      });
    },
  });
  return {
    ctx: { ...ctx, db },
    doors: {
      ...real,
      async startRun(order) {
        reach();
        const result = await real.startRun(order);
        reach();
        return result;
      },
    },
  };
}
