import type { RoutedEndpoint, RoutedModel, RouteTable } from '../../contract/route-table.ts';
import type { Context } from '../../context.ts';
import { checkOutModel } from '../../registry/actions/check-out-model.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { findVersion } from '../../registry/registry-store.ts';
import { endpointRoute } from '../route-store.ts';
import { findPython } from './find-python.ts';

/** A model version as the gateway loads it; its folder is checked out when it is not there. */
export async function routeModel(
  ctx: Pick<Context, 'blobs' | 'paths' | 'ids'>,
  version: ModelVersion,
): Promise<RoutedModel> {
  return {
    name: version.model,
    version: version.version,
    path: await checkOutModel(ctx, version),
    format: version.format,
    python: version.format === 'python-function' ? await findPython(ctx, version) : null,
    digest: version.digest,
    signature: version.signature,
    features: version.features,
    positiveClass: version.positiveClass,
  };
}

/**
 * The routes as the project and its releases say at this moment, without their version and calendar: every endpoint with
 * its champion and running release, and the versions these name.
 */
export async function buildRouteTable(
  ctx: Pick<Context, 'db' | 'blobs' | 'paths' | 'ids' | 'project'>,
): Promise<Pick<RouteTable, 'models' | 'endpoints'>> {
  const models = new Map<string, RoutedModel>();
  const endpoints: RoutedEndpoint[] = [];
  for (const [name, definition] of Object.entries(ctx.project.definition().endpoints)) {
    const { champion, release } = await endpointRoute(ctx.db, name, definition.model);
    for (const wanted of [champion, release?.challenger ?? null]) {
      const key = `${definition.model}/${wanted}`;
      if (wanted === null || models.has(key)) continue;
      const version = await findVersion(ctx.db, definition.model, wanted);
      if (version) models.set(key, await routeModel(ctx, version));
    }
    const known = (version: string | null): boolean =>
      version !== null && models.has(`${definition.model}/${version}`);
    endpoints.push({
      name,
      model: definition.model,
      assignBy: definition.assign_by,
      champion: known(champion) ? champion : null,
      release: release && known(release.challenger) ? release : null,
    });
  }
  return { models: [...models.values()], endpoints };
}
