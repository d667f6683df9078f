import type { ProjectDefinition } from '../config/project-file/project-definition.ts';
import { parseDurationMs } from '../contract/fields.ts';
import type { DatasetFile } from '../datasets/dataset-version.ts';

/** A slice is read from so many files at most, however many a dataset has. */
const MOST_FILES = 64;

/** The datasets that a project's pipelines read: as inputs of steps, or through feature views. */
export function datasetsRead(definition: ProjectDefinition): string[] {
  const inputs = Object.values(definition.pipelines).flatMap((pipeline) =>
    Object.values(pipeline.steps).flatMap((step) => step.in),
  );
  const named = inputs.flatMap((input) => {
    if (definition.datasets[input]) return [input];
    const view = definition.features[input];
    return view ? [view.from] : [];
  });
  return [...new Set(named)].sort();
}

/**
 * How far back the extracts of a project look into a dataset, ms: their window (which holds the test rows) and the lag
 * before it. Null: into all of it, or none of them reads it.
 */
export function extractReachMs(definition: ProjectDefinition, dataset: string): number | null {
  let reach: number | null = null;
  for (const pipeline of Object.values(definition.pipelines)) {
    for (const step of Object.values(pipeline.steps)) {
      if (step.uses !== 'extract' || !step.in.includes(dataset)) continue;
      const { window } = step.with;
      if (typeof window !== 'string') return null;
      const lag = typeof step.with.lag === 'string' ? parseDurationMs(step.with.lag) : 0;
      reach = Math.max(reach ?? 0, (parseDurationMs(window) ?? 0) + (lag ?? 0));
    }
  }
  return reach;
}

/** Files spread evenly over the last `reachMs` of a dataset (over all of it where that is null). */
export function spreadFiles(files: readonly DatasetFile[], reachMs: number | null): DatasetFile[] {
  const full = files.filter((file) => file.rows > 0);
  const newest = Math.max(...full.map((file) => file.maxEventMs ?? Number.NEGATIVE_INFINITY));
  const recent =
    reachMs === null || !Number.isFinite(newest)
      ? full
      : full.filter((file) => file.maxEventMs === null || file.maxEventMs >= newest - reachMs);
  const ordered = recent.toSorted(
    (a, b) => (a.maxEventMs ?? a.addedSequence) - (b.maxEventMs ?? b.addedSequence),
  );
  if (ordered.length <= MOST_FILES) return ordered;
  const step = (ordered.length - 1) / (MOST_FILES - 1);
  return Array.from({ length: MOST_FILES }, (_, i) => ordered[Math.round(i * step)]).filter(
    (file) => file !== undefined,
  );
}
