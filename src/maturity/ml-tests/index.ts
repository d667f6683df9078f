import { dataTests } from './data.ts';
import { infrastructureTests } from './infrastructure.ts';
import type { MlTest } from './ml-test.ts';
import { modelTests } from './model.ts';
import { monitoringTests } from './monitoring.ts';

/** The 28 tests, section by section. */
export const mlTests: readonly MlTest[] = [
  ...dataTests,
  ...modelTests,
  ...infrastructureTests,
  ...monitoringTests,
];
