import type { ModelVersion } from '../../registry/model-version.ts';
import type { ScratchGateway } from '../../serving/scratch-gateway.ts';
import { lossOf } from '../../stats/metrics.ts';
import type { CheckResult } from '../check-result.ts';
import type { ModelRows } from '../model-rows.ts';

const FEWEST_ROWS = 30;

/**
 * G33: scored through a gateway on its own training rows, the model's loss is below that of always answering the mean of
 * the labels. Log-loss for labels 0 and 1 of a classifier, squared error for others. A model that cannot even do this has
 * not learnt, or is served otherwise than it was trained.
 */
export async function trainingLearns(
  gateway: ScratchGateway,
  version: ModelVersion,
  rows: ModelRows,
): Promise<Pick<CheckResult, 'state' | 'summary'>> {
  const known = rows.labels.flatMap((label, row) => (label === null ? [] : [{ label, row }]));
  if (known.length < FEWEST_ROWS) {
    return {
      state: 'skipped',
      summary: `The slice gave ${known.length} training rows with a label; ${FEWEST_ROWS} are needed.`,
    };
  }
  const mean = known.reduce((sum, { label }) => sum + label, 0) / known.length;
  const isBinary =
    version.positiveClass !== null && known.every(({ label }) => label === 0 || label === 1);
  if (known.every(({ label }) => label === known[0]?.label)) {
    return {
      state: 'skipped',
      summary: `All ${known.length} labels of the slice are ${known[0]?.label ?? ''}.`,
    };
  }
  const { scores, errors } = await gateway.scoreRows(
    version.version,
    rows.columns,
    known.map(({ row }) => rows.cells[row] ?? []),
  );
  const silent = known.filter((_, i) => (scores[i] ?? null) === null).length;
  if (silent > 0) {
    const why = errors[0]?.message ?? 'the score is not a finite number';
    return {
      state: 'failed',
      summary: `${silent} of ${known.length} of its own training rows get no score: ${why}`,
    };
  }
  const name = isBinary ? 'log_loss' : 'squared_error';
  const loss = (score: (i: number) => number): number =>
    known.reduce((sum, { label }, i) => sum + lossOf(name, score(i), label), 0) / known.length;
  const [model, constant] = [loss((i) => scores[i] ?? 0), loss(() => mean)];
  const said = `${name.replace('_', ' ')} ${figure(model)} on ${known.length} training rows, ${figure(constant)} for the constant ${figure(mean)}`;
  return model < constant
    ? { state: 'passed', summary: `The model learns: ${said}.` }
    : { state: 'failed', summary: `The model does not beat a constant: ${said}.` };
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}
