import { countOf, group, type LineageKind } from '../lineage-kind.ts';
import { findPrediction, findRelease, findVersion } from '../lineage-store.ts';
import { endpointNode, predictionNode, releaseNode, versionNode } from '../nodes.ts';

export const releaseKind: LineageKind = {
  kind: 'release',
  async find(db, id) {
    const row = await findRelease(db, id);
    return row && releaseNode(row);
  },
  async up({ db }, id) {
    const row = await findRelease(db, id);
    const version = row && (await findVersion(db, { model: row.model, version: row.version }));
    return [group('model-version', 'was released by', [version && versionNode(version)])];
  },
  async down({ db }, id) {
    const row = await findRelease(db, id);
    const reached = row?.state === 'promoted' || row?.state === 'running';
    return [group('endpoint', 'took to', [row && reached ? endpointNode(row) : undefined])];
  },
};

export const endpointKind: LineageKind = {
  kind: 'endpoint',
  async find(db, id) {
    const row = await db
      .selectFrom('releases')
      .select(['endpoint', 'model'])
      .where('endpoint', '=', id)
      .limit(1)
      .executeTakeFirst();
    return row && endpointNode(row);
  },
  async up(step, endpoint) {
    const reached = step.db
      .selectFrom('releases')
      .where('endpoint', '=', endpoint)
      .where('state', 'in', ['promoted', 'running']);
    const rows = await reached
      .selectAll()
      .orderBy('created_at_ms', 'desc')
      .orderBy('release_id', 'desc')
      .limit(step.take('release'))
      .execute();
    const total = await reached
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .executeTakeFirst();
    return [
      { kind: 'release', label: 'took to', nodes: rows.map(releaseNode), total: countOf(total) },
    ];
  },
  // Predictions hang on the version that answered them.
  down: () => Promise.resolve([]),
};

export const predictionKind: LineageKind = {
  kind: 'prediction',
  async find(db, id) {
    const row = await findPrediction(db, id);
    return row && predictionNode(row);
  },
  async up({ db }, id) {
    const row = await findPrediction(db, id);
    const version = row?.version
      ? await findVersion(db, { model: row.model, version: row.version })
      : undefined;
    const release = row?.release_id ? await findRelease(db, row.release_id) : undefined;
    return [
      group('model-version', 'answered', [version && versionNode(version)]),
      group('release', 'sent to', [release && releaseNode(release)]),
    ];
  },
  down: () => Promise.resolve([]),
};
