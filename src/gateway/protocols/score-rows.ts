import { z } from 'zod';
import { AppError } from '../../base/app-error.ts';
import { lookUpIn } from '../feature-copy.ts';
import { instantOf, type Gateway } from '../gateway.ts';
import { versionsOf } from '../live-routes.ts';
import { scoreOf } from '../loaded-model.ts';
import { prepareRow, type PreparedRow, type Row } from '../row-plan.ts';

const order = z.object({
  model: z.string(),
  version: z.string(),
  rows: z.array(z.record(z.string(), z.unknown())),
});

/** Score of each row, null where it has none; and why, in the words the endpoint would refuse it with. */
export type ScoredRows = { scores: (number | null)[]; errors: { row: number; message: string }[] };

/**
 * POST /control/score: rows of named fields by one model version, each for itself: a row that is refused or fails has
 * an error, the others a score. Nothing is recorded. For files, which must not go through an endpoint's queue.
 */
export async function scoreRows(gateway: Gateway, content: unknown): Promise<ScoredRows> {
  const { model: name, version, rows } = order.parse(content);
  const model = versionsOf(gateway.routes.current, name).find((one) => one.version === version);
  if (!model)
    throw new AppError('GATEWAY_UNKNOWN_MODEL', `version ${version} of ${name} is not loaded here`);
  const lookUp = lookUpIn(gateway.features.copy);
  const atMs = instantOf(gateway, undefined);
  const result: ScoredRows = { scores: rows.map(() => null), errors: [] };
  const fail = (row: number, code: string, message: string) =>
    result.errors.push({ row, message: `${code}: ${message}` });
  await Promise.all(
    rows.map((fields, row) => {
      let prepared: PreparedRow;
      try {
        prepared = prepareRow(model.plan, fields as Row, atMs, lookUp);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        fail(row, error.code, error.message);
        return Promise.resolve();
      }
      return new Promise<void>((resolve) => {
        gateway.batcher.enqueue({
          model,
          values: prepared.values,
          expiresAtMs: Number.POSITIVE_INFINITY,
          done: (outcome) => {
            if (outcome.kind === 'scored') {
              const score = scoreOf(outcome.outputs, outcome.row);
              result.scores[row] = score;
              if (score === null)
                fail(row, 'GATEWAY_MODEL_FAULT', 'the score is not a finite number');
            } else if (outcome.kind === 'fault') {
              const code = outcome.unavailable ? 'GATEWAY_MODEL_DOWN' : 'GATEWAY_MODEL_FAULT';
              fail(row, code, outcome.message);
            }
            resolve();
          },
        });
      });
    }),
  );
  return result;
}
