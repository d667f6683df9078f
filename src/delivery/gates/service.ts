import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parsePythonJson } from '../../base/python-json.ts';
import { checkOutModel } from '../../registry/actions/check-out-model.ts';
import { readTrainingScores } from '../actions/read-training-scores.ts';
import { count, figure, type Gate, type GateInput, type Verdict } from './gate.ts';

const config = z.object({
  latency_p95_ms: z
    .number()
    .positive()
    .default(50)
    .describe('Single requests over HTTP, one after another'),
  requests: z.number().int().min(20).default(200),
  tolerance: z
    .number()
    .min(0)
    .default(1e-4)
    .describe("Largest difference from training's own scores"),
});

const exampleRows = z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])));
const example = z.union([
  z.object({ columns: z.array(z.string()), data: exampleRows }),
  // MLflow's example of a model whose signature is a tensor: rows without names.
  exampleRows,
]);

/**
 * The candidate as the gateway will run it: it loads, answers its input example, is quick enough, and gives the scores
 * that training itself computed for the test rows (a difference is training-serving skew of the model, not of the data).
 */
export const serviceGate: Gate<typeof config> = {
  kind: 'service',
  summary:
    "The candidate loads in a gateway, answers its input example in time, and gives training's own scores.",
  config,
  async judge(input, settings) {
    const exampled = await answerExample(input);
    if (exampled.refused !== null) return refuse(exampled.refused, exampled.evidence);
    const timed = await timeRequests(input, settings);
    const evidence = { ...exampled.evidence, ...timed.evidence };
    if (timed.refused !== null) return refuse(timed.refused, evidence);
    const compared = await compareScores(input, settings.tolerance);
    if (compared.refused !== null)
      return refuse(compared.refused, { ...evidence, ...compared.evidence });
    const said = [exampled.said, timed.said, compared.said]
      .filter((text) => text !== '')
      .join(', ');
    return {
      outcome: 'passed',
      reason: `Loads in a gateway, ${said || 'nothing to answer'}.`,
      evidence: { ...evidence, ...compared.evidence },
    };
  },
};

type Part = { refused: string | null; said: string; evidence: Verdict['evidence'] };

function refuse(why: string, evidence: Verdict['evidence']): Verdict {
  return { outcome: 'refused', reason: `Refused: ${why}.`, evidence };
}

async function answerExample(input: GateInput): Promise<Part> {
  const folder = await checkOutModel(input.ctx, input.candidate);
  let text: string;
  try {
    text = await readFile(join(folder, 'input_example.json'), 'utf8');
  } catch {
    return { refused: null, said: '', evidence: { exampleRows: 0 } };
  }
  const parsed = example.safeParse(parsePythonJson(text));
  if (!parsed.success) {
    return {
      refused: `input_example.json is not {"columns": [...], "data": [[...]]}`,
      said: '',
      evidence: { exampleRows: 0 },
    };
  }
  const { columns, data } = Array.isArray(parsed.data)
    ? { columns: input.candidate.signature.map(({ name }) => name), data: parsed.data }
    : parsed.data;
  const { scores, errors } = await input.gateway.scoreRows(input.candidate.version, columns, data);
  const evidence = { exampleRows: data.length, exampleErrors: errors.length };
  const bad = data.findIndex((_, row) => (scores[row] ?? null) === null);
  if (bad !== -1) {
    const message = errors[0]?.message ?? 'the score is not a finite number';
    return {
      refused: `row ${bad} of its input example gets no score: ${message}`,
      said: '',
      evidence,
    };
  }
  return { refused: null, said: `answers its input example of ${data.length} rows`, evidence };
}

async function timeRequests(
  input: GateInput,
  settings: { latency_p95_ms: number; requests: number },
): Promise<Part> {
  if (input.candidate.produced.test === null) return { refused: null, said: '', evidence: {} };
  const test = await input.testRows();
  const names = input.candidate.signature.map((column) => column.name);
  const columns = await test.columns(names);
  const total = Math.min(settings.requests, test.rowCount);
  const latencies: number[] = [];
  let failed = 0;
  let message = '';
  for (let i = 0; i < total; i += 1) {
    const row = Math.floor((i * test.rowCount) / total);
    const cells = names.map((name) => columns.get(name)?.[row] ?? null);
    const started = performance.now();
    const { scores, errors } = await input.gateway.scoreRows(input.candidate.version, names, [
      cells,
    ]);
    latencies.push(performance.now() - started);
    if ((scores[0] ?? null) !== null) continue;
    failed += 1;
    message = errors[0]?.message ?? 'the score is not a finite number';
    // A model that fails on everything need not be asked on.
    if (failed >= 20 && failed === i + 1) break;
  }
  latencies.sort((a, b) => a - b);
  const p95 = latencies[Math.ceil(0.95 * latencies.length) - 1] ?? 0;
  const evidence = {
    requests: latencies.length,
    failed,
    latencyP95Ms: Number(p95.toFixed(3)),
    latencyLimitMs: settings.latency_p95_ms,
  };
  if (failed > 0)
    return {
      refused: `${failed} of ${latencies.length} test rows get no score: ${message}`,
      said: '',
      evidence,
    };
  if (p95 > settings.latency_p95_ms) {
    return {
      refused: `p95 of ${latencies.length} single requests ${figure(p95)} ms, wanted at most ${settings.latency_p95_ms} ms`,
      said: '',
      evidence,
    };
  }
  return { refused: null, said: `p95 ${figure(p95)} ms`, evidence };
}

async function compareScores(input: GateInput, tolerance: number): Promise<Part> {
  const { scores: digest, test } = input.candidate.produced;
  if (digest === null || test === null) return { refused: null, said: '', evidence: {} };
  const trained = await readTrainingScores(input.ctx, digest);
  const { scores: served } = await input.scores(input.candidate);
  if (trained.length !== served.length) {
    const refused = `training left ${count(trained.length)} scores for ${count(served.length)} test rows`;
    return {
      refused,
      said: '',
      evidence: { trainedScores: trained.length, servedScores: served.length },
    };
  }
  let largest = 0;
  let different = 0;
  let at = -1;
  for (const [row, mine] of trained.entries()) {
    const theirs = served[row] ?? null;
    const difference =
      mine === null || theirs === null ? (mine === theirs ? 0 : Infinity) : Math.abs(mine - theirs);
    if (difference > tolerance) different += 1;
    if (difference > largest) [largest, at] = [difference, row];
  }
  const evidence = {
    compared: trained.length,
    different,
    tolerance,
    largestDifference: Number.isFinite(largest) ? largest : null,
  };
  if (different > 0) {
    const [mine, theirs] = [trained[at] ?? null, served[at] ?? null];
    const shown = `${mine === null ? 'none' : figure(mine)} in training, ${theirs === null ? 'none' : figure(theirs)} when served`;
    return {
      refused: `${count(different)} of ${count(trained.length)} scores differ from training's by more than ${tolerance}; row ${at}: ${shown}`,
      said: '',
      evidence,
    };
  }
  return {
    refused: null,
    said: `${count(trained.length)} scores equal to training's within ${tolerance}`,
    evidence,
  };
}
