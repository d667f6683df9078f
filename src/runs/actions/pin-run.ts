import type { Json } from '../../base/json.ts';
import type { Context } from '../../context.ts';
import { cutVersion } from '../../datasets/actions/cut-version.ts';
import { requireValid } from '../../datasets/dataset-version.ts';
import { appendEvent } from '../../events/append-event.ts';
import { contextOfRun, type ActiveRun, type RunPins } from '../run.ts';
import { pinRun as storePins } from '../run-store.ts';
import { applyEvent, type Applied } from './apply-event.ts';
import { failureOf } from '../failure-of.ts';
import { findLocks } from './find-locks.ts';
import { snapshotProject } from './snapshot-project.ts';

/**
 * Pins a run to what it works on: the project's files and a version of each dataset as they are now. A dataset that
 * breaks its schema ends the run here, with the anomaly named.
 */
export async function pinRun(
  ctx: Pick<
    Context,
    'db' | 'blobs' | 'analytics' | 'clocks' | 'ids' | 'bus' | 'logger' | 'project' | 'paths'
  >,
  run: ActiveRun,
): Promise<Applied> {
  let pins: RunPins;
  try {
    const read = contextOfRun(ctx, run);
    const [project, found] = await Promise.all([snapshotProject(read), findLocks(read)]);
    pins = { projectTree: project.digest, ...found, datasets: {} };
    const names = run.plan.steps.flatMap((step) =>
      step.inputs.flatMap((input) => (input.kind === 'dataset' ? [input.name] : [])),
    );
    for (const dataset of new Set(names)) {
      const { version } = await cutVersion(ctx, { dataset });
      requireValid(version);
      pins.datasets[dataset] = { digest: version.digest, number: version.number };
    }
  } catch (error) {
    const failure = failureOf(error);
    return applyEvent(ctx, run, {
      event: { kind: 'pinning-failed' },
      ending: { step: null, code: failure.code, reason: failure.reason },
      write: () => Promise.resolve(true),
    });
  }
  const applied = await applyEvent(ctx, run, {
    event: { kind: 'pinned' },
    async write(tx) {
      if (!(await storePins(tx, run.runId, pins))) return false;
      await appendEvent(ctx, tx, {
        type: 'run.pinned',
        subject: { kind: 'run', id: run.runId },
        data: { projectTree: pins.projectTree, datasets: pins.datasets as unknown as Json },
      });
      return true;
    },
  });
  if (applied.kind === 'done') run.pins = pins;
  return applied;
}
