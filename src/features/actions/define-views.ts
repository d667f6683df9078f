import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../base/app-error.ts';
import type { FeatureViewDefinition } from '../../config/project-file/project-definition.ts';
import type { Context, Project } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import { putCurrentView, setViewState, storedViews, type StoredView } from '../feature-store.ts';
import { definitionText, type FeatureView, type ViewDefinition } from '../feature-view.ts';

/** Superseded definitions that are kept up to date per view, for models that were trained on them and still serve. */
const KEPT_DEFINITIONS = 4;

/** The feature views of the project as they are written now. Throws `FEATURE_VIEW_INVALID` when an SQL file is missing. */
export async function readProjectViews(project: Project): Promise<FeatureView[]> {
  const views: FeatureView[] = [];
  for (const [name, definition] of Object.entries(project.definition().features)) {
    const path = join(project.code().dir, definition.sql);
    const sql = await readFile(path, 'utf8').catch((error: unknown) => {
      throw new AppError(
        'FEATURE_VIEW_INVALID',
        `Feature view "${name}": its SQL file ${definition.sql} cannot be read.`,
        {
          help: 'Make the file, or correct "sql:" of the view in rondo.yaml.',
          cause: error,
        },
      );
    });
    views.push(toView(name, definition, sql));
  }
  return views;
}

function toView(name: string, definition: FeatureViewDefinition, sql: string): FeatureView {
  const { from, entity, time, ttl: ttlMs, history } = definition;
  const view: ViewDefinition = {
    sql,
    from,
    entity,
    time,
    ttlMs,
    history: history ? { rows: history.rows ?? null, spanMs: history.span ?? null } : null,
  };
  const digest = `sha256:${createHash('sha256').update(definitionText(view)).digest('hex')}`;
  return { ...view, name, digest };
}

/**
 * Makes the project's feature views known: a changed definition gets a row and a log of its own. The definitions before
 * go on being materialised for the models trained on them, the newest few of each name. Gives what is to be kept up to date.
 */
export async function defineViews(
  ctx: Pick<Context, 'db' | 'clocks' | 'ids' | 'bus' | 'project'>,
): Promise<StoredView[]> {
  const views = await readProjectViews(ctx.project);
  const before = await storedViews(ctx.db);
  const current = new Map(
    before.filter((row) => row.state === 'current').map((row) => [row.view.name, row.view.digest]),
  );
  const changed = views.filter((view) => current.get(view.name) !== view.digest);
  const names = new Set(views.map((view) => view.name));
  const gone = [...current].filter(([name]) => !names.has(name));
  if (changed.length === 0 && gone.length === 0) return live(before);
  const nowMs = ctx.clocks.calendar.nowMs();
  await ctx.db.transaction().execute(async (tx) => {
    for (const view of changed) {
      await putCurrentView(tx, view, nowMs);
      await appendEvent(ctx, tx, {
        type: 'feature.view-defined',
        subject: { kind: 'feature-view', id: view.name },
        data: { view: view.name, digest: view.digest, before: current.get(view.name) ?? null },
      });
      const older = before.filter(
        (row) => row.view.name === view.name && row.view.digest !== view.digest,
      );
      for (const row of older.slice(KEPT_DEFINITIONS))
        await setViewState(tx, row.view.digest, 'stopped');
    }
    for (const [, digest] of gone) await setViewState(tx, digest, 'superseded');
  });
  return live(await storedViews(ctx.db));
}

function live(rows: readonly StoredView[]): StoredView[] {
  return rows.filter((row) => row.state !== 'stopped');
}
