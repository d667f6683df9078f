import type { LineageNode } from '../contract/views/lineage-view.ts';
import type { BundleRow, CommitRow } from '../storage/database/tables/commits.ts';
import type { DatasetVersionRow } from '../storage/database/tables/datasets.ts';
import type { ReleaseRow } from '../storage/database/tables/delivery.ts';
import type { AlarmRow } from '../storage/database/tables/monitoring.ts';
import type { ModelVersionRow } from '../storage/database/tables/registry.ts';
import type { PipelineRunRow } from '../storage/database/tables/runs.ts';
import type { PredictionRow } from '../storage/database/tables/serving.ts';
import type { NodeKind } from './lineage-kind.ts';

/** A node under its key. */
export function node(
  kind: NodeKind,
  id: string,
  rest: Pick<LineageNode, 'label' | 'state' | 'atMs' | 'to'>,
): LineageNode {
  return { key: `${kind}:${id}`, kind, id, ...rest, count: null };
}

export function commitNode(row: CommitRow): LineageNode {
  return node('commit', row.sha, {
    label: `${row.sha.slice(0, 8)} ${row.subject}`,
    state: row.state,
    atMs: row.seen_ms,
    to: `/commits/${row.sha}`,
  });
}

export function bundleNode(row: BundleRow): LineageNode {
  return node('bundle', row.digest, {
    label: `bundle ${row.digest.replace('sha256:', '').slice(0, 12)}`,
    state: null,
    atMs: row.built_ms,
    to: `/commits/${row.sha}`,
  });
}

export function datasetNode(
  row: Pick<DatasetVersionRow, 'dataset' | 'number' | 'state' | 'created_at_ms'>,
): LineageNode {
  return node('dataset-version', `${row.dataset}@${row.number}`, {
    label: `${row.dataset} ${row.number}`,
    state: row.state,
    atMs: row.created_at_ms,
    to: `/datasets/${row.dataset}/${row.number}`,
  });
}

export function runNode(
  row: Pick<PipelineRunRow, 'run_id' | 'pipeline' | 'state' | 'started_at_ms'>,
): LineageNode {
  return node('run', row.run_id, {
    label: `${row.pipeline} ${row.run_id.slice(-6)}`,
    state: row.state,
    atMs: row.started_at_ms,
    to: `/runs/${row.run_id}`,
  });
}

export function versionNode(
  row: Pick<ModelVersionRow, 'model' | 'version' | 'state' | 'created_at_ms'>,
): LineageNode {
  return node('model-version', `${row.model}/${row.version}`, {
    label: `${row.model} ${row.version}`,
    state: row.state,
    atMs: row.created_at_ms,
    to: `/models/${row.model}/${row.version}`,
  });
}

export function releaseNode(row: ReleaseRow): LineageNode {
  return node('release', row.release_id, {
    label: `${row.version} to ${row.endpoint}`,
    state: row.state,
    atMs: row.started_at_ms ?? row.created_at_ms,
    to: `/releases/${row.release_id}`,
  });
}

export function endpointNode(row: { endpoint: string; model: string }): LineageNode {
  return node('endpoint', row.endpoint, {
    label: row.endpoint,
    state: null,
    atMs: null,
    to: `/endpoints/${row.endpoint}`,
  });
}

export function predictionNode(
  row: Pick<PredictionRow, 'prediction_id' | 'endpoint' | 'error' | 'label' | 'at_ms'>,
): LineageNode {
  return node('prediction', row.prediction_id, {
    label: `${row.endpoint} ${row.prediction_id.slice(-6)}`,
    state: row.error !== null ? 'failed' : row.label === null ? 'answered' : 'labelled',
    atMs: row.at_ms,
    to: null,
  });
}

export function alarmNode(
  row: Pick<AlarmRow, 'alarm_id' | 'monitor' | 'state' | 'opened_ms'>,
): LineageNode {
  return node('alarm', row.alarm_id, {
    label: row.monitor,
    state: row.state === 'open' ? 'alarm' : 'closed',
    atMs: row.opened_ms,
    to: `/alarms/${row.alarm_id}`,
  });
}
