import { installEngine } from './engine.ts';
import { postgresEngine } from './postgres.ts';
import { mlflowEngine, oldMlflowEngine } from './python.ts';

// Every engine the tests know; what is there already is left alone.
for (const engine of [mlflowEngine, oldMlflowEngine, postgresEngine]) {
  process.stdout.write(`engine ${engine.name}\n`);
  await installEngine(engine);
}
