import { expect, test } from 'vitest';
import { modelFolder } from '../../test/harness/produce-model.ts';
import { testContext, type TestContext } from '../../test/harness/test-context.ts';
import { produced } from '../contract/produced.ts';
import { eventsAfter } from '../events/event-store.ts';
import { createModel } from './actions/create-model.ts';
import { createVersion } from './actions/create-version.ts';
import { deleteModel } from './actions/delete-model.ts';
import { deleteVersion } from './actions/delete-version.ts';
import { findLatest, findModel, findModels, findVersions } from './actions/find-registered.ts';
import { moveStage } from './actions/move-stage.ts';
import { pointAlias } from './actions/point-alias.ts';
import { registerVersion } from './actions/register-version.ts';
import { renameModel } from './actions/rename-model.ts';
import { tagModel } from './actions/tag-model.ts';
import { tagVersion } from './actions/tag-version.ts';
import { setVersionState } from './registry-store.ts';

async function model(ctx: TestContext, name: string, versions = 0): Promise<void> {
  await createModel(ctx, { name, tags: [], description: undefined });
  for (let i = 0; i < versions; i += 1)
    await createVersion(ctx, { name, source: `s3://bucket/${name}/${i}`, tags: [] });
}

const all = { filter: undefined, orderBy: undefined, limit: 100, offset: 0 };

test('names are ordered and compared by their characters, LIKE minds their case, ILIKE does not', async () => {
  await using ctx = await testContext();
  for (const name of ['b', 'a_1', 'A', 'aX1', 'a%', 'é']) await model(ctx, name);
  const names = async (filter: string, orderBy?: string[]): Promise<string[]> =>
    (await findModels(ctx, { ...all, filter, orderBy })).items.map((item) => item.name);
  expect(await names('')).toEqual(['A', 'a%', 'aX1', 'a_1', 'b', 'é']);
  expect(await names('', ['name DESC'])).toEqual(['é', 'b', 'a_1', 'aX1', 'a%', 'A']);
  expect(await names("name LIKE 'a_1'")).toEqual(['aX1', 'a_1']);
  expect(await names("name LIKE 'A%'")).toEqual(['A']);
  expect(await names("name ILIKE 'A%'")).toEqual(['A', 'a%', 'aX1', 'a_1']);
  expect(await names("name NOT IN ('A', 'b')")).toEqual(['a%', 'aX1', 'a_1', 'é']);
});

test('a page begins where the one before ended, and knows whether another follows', async () => {
  await using ctx = await testContext();
  await model(ctx, 'paged', 5);
  const seen: string[] = [];
  for (let offset = 0, more = true; more; offset += 2) {
    const page = await findVersions(ctx, { ...all, limit: 2, offset });
    seen.push(...page.items.map((item) => item.version));
    more = page.more;
  }
  expect(seen).toEqual(['5', '4', '3', '2', '1']);
});

test('tags, aliases and stages belong to their version and go with its name', async () => {
  await using ctx = await testContext();
  await model(ctx, 'one', 3);
  await model(ctx, 'two', 1);
  await tagModel(ctx, { name: 'one', key: 'team', value: 'a' });
  for (const [version, value] of [
    ['1', 'x'],
    ['2', 'y'],
    ['2', 'z'],
  ] as const)
    await tagVersion(ctx, { name: 'one', version, key: 'k', value });
  await pointAlias(ctx, { name: 'one', alias: 'best', version: '2' });
  await pointAlias(ctx, { name: 'one', alias: 'best', version: '3' });
  await moveStage(ctx, { name: 'one', version: '1', stage: 'production', archiveExisting: false });
  await moveStage(ctx, { name: 'one', version: '2', stage: 'Production', archiveExisting: true });
  await renameModel(ctx, { name: 'one', newName: 'uno' });
  const tagged = await findVersions(ctx, { ...all, filter: "tags.k = 'z'" });
  expect(tagged.items).toMatchObject([{ model: 'uno', version: '2', tags: { k: 'z' } }]);
  expect(await findModel(ctx, 'uno')).toMatchObject({
    tags: { team: 'a' },
    aliases: [{ alias: 'best', version: '3' }],
  });
  const latest = await findLatest(ctx, { name: 'uno', stages: [] });
  expect(latest.map((version) => [version.version, version.stage, version.aliases])).toEqual([
    ['1', 'Archived', []],
    ['2', 'Production', []],
    ['3', 'None', ['best']],
  ]);
  await deleteVersion(ctx, { name: 'uno', version: '3' });
  expect((await findModel(ctx, 'uno')).aliases).toEqual([]);
});

test('numbers of a deleted model begin anew, but not where a pipeline had registered versions', async () => {
  await using ctx = await testContext();
  await model(ctx, 'plain', 2);
  await deleteModel(ctx, 'plain');
  await model(ctx, 'plain', 1);
  expect((await findModel(ctx, 'plain')).last_number).toBe(1);
  const modelTree = await modelFolder(ctx, {});
  const late = produced.parse({ model: 'late', modelTree });
  for (const runId of ['run_1', 'run_2']) await registerVersion(ctx, { runId, produced: late });
  for (const version of ['1', '2']) {
    await expect(deleteVersion(ctx, { name: 'late', version })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await ctx.db
      .transaction()
      .execute((tx) =>
        setVersionState(tx, { model: 'late', version, state: 'refused', reason: 'no', atMs: 1 }),
      );
  }
  await deleteVersion(ctx, { name: 'late', version: '2' });
  await deleteModel(ctx, 'late');
  const third = await registerVersion(ctx, { runId: 'run_3', produced: late });
  expect(third.version).toBe('3');
});

test('every change appends its event, a refused one none', async () => {
  await using ctx = await testContext();
  await model(ctx, 'late', 1);
  await tagModel(ctx, { name: 'late', key: 'k', value: 'v' });
  await tagModel(ctx, { name: 'late', key: 'none', value: null });
  await tagVersion(ctx, { name: 'late', version: '1', key: 'k', value: 'v' });
  await pointAlias(ctx, { name: 'late', alias: 'best', version: '1' });
  await expect(pointAlias(ctx, { name: 'late', alias: 'champion', version: '1' })).rejects.toThrow(
    'is an orphan',
  );
  await moveStage(ctx, { name: 'late', version: '1', stage: 'Staging', archiveExisting: false });
  await renameModel(ctx, { name: 'late', newName: 'later' });
  await deleteVersion(ctx, { name: 'later', version: '1' });
  await deleteModel(ctx, 'later');
  const events = await eventsAfter(ctx.db, { position: 0, limit: 100 });
  expect(events.map((event) => event.type)).toEqual([
    'model.registered',
    'model.version-registered',
    'model.tag-set',
    'model.version-tag-set',
    'model.alias-moved',
    'model.stage-moved',
    'model.renamed',
    'model.version-deleted',
    'model.deleted',
  ]);
  expect(new Set(events.map((event) => event.actor))).toEqual(new Set(['mlflow client']));
});
