import { AppError } from '../../base/app-error.ts';
import { canonicalJson, type Json } from '../../base/json.ts';
import type { VariantEntry } from '../../config/project-file/project-definition.ts';
import type { Context } from '../../context.ts';
import { appendEvent } from '../../events/append-event.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import { findAlias, findVersion } from '../../registry/registry-store.ts';
import { routeModel } from '../../serving/actions/build-route-table.ts';
import { withScratchGateway, type ScratchGateway } from '../../serving/scratch-gateway.ts';
import type { LossName } from '../../contract/losses.ts';
import { putVerdict } from '../delivery-store.ts';
import type { Gate, GateInput, Verdict } from '../gates/gate.ts';
import { gates } from '../gates/index.ts';
import { readTestRows, type TestRows } from './read-test-rows.ts';
import { scoreRows, type ModelScores } from './score-rows.ts';

type Listed = { position: number; gate: Gate; settings: Record<string, unknown> };
/** The candidate cannot be run at all: its folder is not sound, or no Python has what it needs. */
const CANNOT_RUN: ReadonlySet<string> = new Set([
  'GATEWAY_MODEL_UNLOADABLE',
  'MODEL_PYTHON_MISSING',
]);

export type JudgedGate = { position: number; kind: string; verdict: Verdict };

/**
 * Puts a candidate before the gates of its model, beside the champion, in one scratch gateway. `service` is always among
 * them, and without a champion so is `beats` (which then means the majority baseline): a first version is promoted at
 * once. `service` is judged first, and a candidate that fails it is not asked further. Every verdict is stored with its
 * evidence and event `gate.evaluated`.
 */
export async function evaluateGates(ctx: Context, candidate: ModelVersion): Promise<JudgedGate[]> {
  const definition = ctx.project.definition().models[candidate.model];
  const championName = await findAlias(ctx.db, candidate.model, 'champion');
  const champion =
    championName === undefined
      ? null
      : ((await findVersion(ctx.db, candidate.model, championName)) ?? null);
  const listed = listGates(definition?.gates ?? [], {
    first: champion === null,
    loss: lossOfModel(ctx, candidate.model),
  });
  const judged: JudgedGate[] = [];
  const judge = async (gateway: ScratchGateway): Promise<void> => {
    const input = gateInput(ctx, { candidate, champion, gateway });
    for (const entry of listed) {
      const verdict = await judgeOne(entry, input);
      judged.push(await store(ctx, candidate, entry, verdict));
      if (entry.gate.kind === 'service' && verdict.outcome === 'refused') return;
    }
  };
  try {
    const models = [
      await routeModel(ctx, candidate),
      ...(champion ? [await routeModel(ctx, champion)] : []),
    ];
    await withScratchGateway(ctx, models, judge);
  } catch (error) {
    if (!(error instanceof AppError) || !CANNOT_RUN.has(error.code)) throw error;
    const service = listed.find((entry) => entry.gate.kind === 'service');
    const verdict: Verdict = {
      outcome: 'refused',
      reason: `Refused: it does not load in a gateway: ${error.message.replace(/\.$/, '')}.`,
      evidence: { loaded: false, code: error.code },
    };
    if (service) judged.push(await store(ctx, candidate, service, verdict));
  }
  return judged.sort((a, b) => a.position - b.position);
}

function listGates(
  entries: readonly VariantEntry[],
  model: { first: boolean; loss: LossName },
): Listed[] {
  const listed = entries.map((entry, position): Listed => {
    const { kind, ...settings } = entry;
    return { position, gate: findGate(kind), settings };
  });
  const add = (kind: string, settings: Record<string, unknown>): void => {
    if (listed.some((entry) => entry.gate.kind === kind)) return;
    const gate = findGate(kind);
    listed.push({ position: listed.length, gate, settings: gate.config.parse(settings) });
  };
  add('service', {});
  if (model.first) add('beats', { against: 'baseline', metric: model.loss });
  return listed.sort(
    (a, b) =>
      Number(b.gate.kind === 'service') - Number(a.gate.kind === 'service') ||
      a.position - b.position,
  );
}

function findGate(kind: string): Gate {
  const gate = gates.find((candidate) => candidate.kind === kind);
  if (!gate)
    throw new AppError(
      'PROJECT_FILE_INVALID',
      `There is no gate "${kind}"; known: ${gates.map((known) => known.kind).join(', ')}.`,
    );
  return gate;
}

function gateInput(
  ctx: Context,
  parts: { candidate: ModelVersion; champion: ModelVersion | null; gateway: ScratchGateway },
): GateInput {
  const { candidate, gateway } = parts;
  const label = ctx.project.definition().models[candidate.model]?.label ?? {
    column: 'label',
    horizon: 0,
  };
  let rows: Promise<TestRows> | undefined;
  const scores = new Map<string, Promise<ModelScores>>();
  const testRows = (): Promise<TestRows> => {
    const { test } = candidate.produced;
    if (test === null) {
      throw new AppError(
        'GATE_ROWS_MISSING',
        `The run of version ${candidate.version} kept no test rows to judge it on`,
      );
    }
    rows ??= readTestRows(ctx, { digest: test, label: label.column });
    return rows;
  };
  return {
    ctx,
    ...parts,
    label,
    loss: lossOfModel(ctx, candidate.model),
    testRows: async () => testRows(),
    async scores(version) {
      const test = await testRows();
      const known = scores.get(version.version) ?? scoreRows(ctx, gateway, { version, test });
      scores.set(version.version, known);
      return known;
    },
  };
}

/** The loss the endpoints of a model are judged by. */
export function lossOfModel(ctx: Pick<Context, 'project'>, model: string): LossName {
  const endpoints = Object.values(ctx.project.definition().endpoints);
  return (
    endpoints.find((endpoint) => endpoint.model === model)?.rollout.quality?.metric ?? 'log_loss'
  );
}

async function judgeOne({ gate, settings }: Listed, input: GateInput): Promise<Verdict> {
  try {
    return await gate.judge(input, settings as never);
  } catch (error) {
    // What a candidate lacks is a verdict; anything else is a fault and rises.
    if (
      !(error instanceof AppError) ||
      error.code === 'GATEWAY_UNREACHABLE' ||
      error.code === 'DISK_FULL'
    )
      throw error;
    return {
      outcome: 'refused',
      reason: `Refused: ${error.message.replace(/\.$/, '')}.`,
      evidence: { code: error.code },
    };
  }
}

async function store(
  ctx: Context,
  candidate: ModelVersion,
  { position, gate, settings }: Listed,
  verdict: Verdict,
): Promise<JudgedGate> {
  const { model, version } = candidate;
  await ctx.db.transaction().execute(async (tx) => {
    const eventId = await appendEvent(ctx, tx, {
      type: 'gate.evaluated',
      subject: { kind: 'model', id: model },
      data: {
        model,
        version,
        gate: gate.kind,
        position,
        settings: settings as Json,
        outcome: verdict.outcome,
        reason: verdict.reason,
        evidence: verdict.evidence,
      },
    });
    await putVerdict(tx, {
      model,
      version,
      position,
      kind: gate.kind,
      settings: canonicalJson(settings),
      outcome: verdict.outcome,
      reason: verdict.reason,
      evidence: JSON.stringify(verdict.evidence),
      event_id: eventId,
      at_ms: ctx.clocks.calendar.nowMs(),
    });
  });
  return { position, kind: gate.kind, verdict };
}
