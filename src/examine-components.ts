import type { Context } from './context.ts';
import type { Finding } from './system/examine.ts';

/** A component that continuous delivery of models needs, and how it is here. */
export type Component = Finding & { version: string | null };

/**
 * The seven components of an automated ML system (Google, "MLOps: Continuous delivery and automation pipelines in machine
 * learning", level 2): each judged by what it has done here, from the findings of `examineParts` and the database.
 */
export async function examineComponents(
  ctx: Pick<Context, 'db' | 'project'>,
  parts: { findings: readonly Finding[]; version: string; git: string | null },
): Promise<Component[]> {
  const of = (part: string): Finding | undefined =>
    parts.findings.find((finding) => finding.part === part);
  const [commit, deployment, models, views, runs] = await Promise.all([
    newest(ctx, 'commits'),
    newest(ctx, 'deployments'),
    ctx.db
      .selectFrom('model_versions')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirst(),
    ctx.db
      .selectFrom('feature_views')
      .select(['name', 'error'])
      .where('state', '=', 'current')
      .execute(),
    ctx.db
      .selectFrom('pipeline_runs')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('state', 'in', ['queued', 'running'])
      .executeTakeFirst(),
  ]);
  const own = { version: parts.version };
  const gateway = of('gateway');
  const stores = [of('database'), of('blobs'), of('audit')];
  const broken = stores.find((finding) => finding?.state === 'failed');
  const brokenView = views.find((view) => view.error !== null);
  return [
    parts.git === null
      ? {
          part: 'source control',
          state: 'warning',
          detail: 'no git on this machine',
          help: 'Install git and keep the project in a repository.',
          version: null,
        }
      : {
          part: 'source control',
          state: commit ? 'ok' : 'warning',
          detail: commit ? `last commit seen ${commit.sha.slice(0, 12)}` : 'no commit was seen yet',
          ...(commit ? {} : { help: 'Put the project under git and add "ci:" to rondo.yaml.' }),
          version: parts.git,
        },
    {
      part: 'test and build',
      state: commit ? (commit.state === 'failed' ? 'warning' : 'ok') : 'warning',
      detail: commit ? `the last commit is ${commit.state}` : 'no commit was tested yet',
      ...(commit?.state === 'failed' ? { help: 'See "rondo commits" for what failed.' } : {}),
      ...own,
    },
    {
      part: 'deployment',
      state: gateway?.state ?? 'failed',
      detail: `${deployment ? `pipelines of ${deployment.sha.slice(0, 12)} in force` : 'pipelines run from the working tree'}; gateway ${gateway?.detail ?? 'not seen'}`,
      ...(gateway?.help === undefined ? {} : { help: gateway.help }),
      ...own,
    },
    {
      part: 'model registry',
      state: 'ok',
      detail: `${models?.n ?? 0} model versions`,
      ...own,
    },
    {
      part: 'feature store',
      state: brokenView ? 'failed' : 'ok',
      detail: brokenView
        ? `view "${brokenView.name}": ${brokenView.error ?? ''}`
        : `${views.length} feature views`,
      ...(brokenView ? { help: 'Mend the view; values served before stay.' } : {}),
      ...own,
    },
    {
      part: 'metadata store',
      state: broken ? 'failed' : 'ok',
      detail: broken?.detail ?? `${of('database')?.detail ?? ''}; blobs and chain of events fit`,
      ...own,
    },
    {
      part: 'orchestrator',
      state: 'ok',
      detail: `${Object.keys(ctx.project.definition().pipelines).length} pipelines, ${runs?.n ?? 0} runs active`,
      ...own,
    },
  ];
}

function newest(
  ctx: Pick<Context, 'db'>,
  table: 'commits' | 'deployments',
): Promise<{ sha: string; state: string } | undefined> {
  return ctx.db
    .selectFrom(table)
    .select(['sha', 'state'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
}
