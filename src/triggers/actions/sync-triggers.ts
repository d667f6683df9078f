import { triggerKinds } from '../kinds/index.ts';
import type { TriggerContext } from '../trigger-kind.ts';
import { deactivateTrigger, headPosition, listTriggers, putTrigger } from '../trigger-store.ts';
import { rulesOf } from '../trigger.ts';

/** Brings the stored triggers in line with the project file. Gives whether any was new, changed or gone. */
export async function syncTriggers(ctx: TriggerContext): Promise<boolean> {
  const rules = rulesOf(ctx.project.definition().pipelines);
  const stored = new Map((await listTriggers(ctx.db)).map((trigger) => [trigger.trigger, trigger]));
  const changed = rules.filter((rule) => stored.get(rule.trigger)?.config !== rule.config);
  const named = new Set(rules.map((rule) => rule.trigger));
  const gone = [...stored.keys()].filter((name) => !named.has(name));
  if (changed.length === 0 && gone.length === 0) return false;
  await ctx.db.transaction().execute(async (tx) => {
    const fresh = { position: await headPosition(tx), nowMs: ctx.clocks.calendar.nowMs() };
    for (const { trigger, pipeline, entry, config } of changed) {
      const kind = triggerKinds.find((candidate) => candidate.kind === entry.kind);
      if (!kind) continue;
      const rule = { trigger, pipeline, kind: entry.kind, config, sentence: kind.sentence(entry) };
      const position = (await kind.freshFrom?.(tx)) ?? fresh.position;
      await putTrigger(tx, rule, { ...fresh, position });
    }
    for (const name of gone) await deactivateTrigger(tx, name);
  });
  return true;
}
