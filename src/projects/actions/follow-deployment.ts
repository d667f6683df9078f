import type { OpenProject } from '../../config/project-file/open-project.ts';
import type { Context } from '../../context.ts';
import type { Digest } from '../../storage/blobs/blob-store.ts';
import { deploymentInForce } from '../commit-store.ts';
import { checkOutBundle } from './check-out-bundle.ts';

/** After a start: the project goes by the deployment in force again, if there is one. */
export async function followDeployment(
  ctx: Pick<Context, 'db' | 'blobs' | 'ids' | 'paths'>,
  project: OpenProject,
): Promise<void> {
  const inForce = await deploymentInForce(ctx.db);
  if (!inForce) return;
  const bundle = inForce.bundle as Digest;
  const dir = await checkOutBundle(ctx, bundle);
  // A commit without "ci:" gives the project back to its folder.
  if (!(await project.load(dir)).ci) return;
  await project.follow({ dir, commit: inForce.sha, bundle });
}
