import type { SignatureColumn } from '../../contract/route-table.ts';
import type { ModelVersion } from '../../registry/model-version.ts';
import type { Cells, ScratchGateway } from '../../serving/scratch-gateway.ts';
import type { CheckResult } from '../check-result.ts';
import type { ModelRows } from '../model-rows.ts';

type Cell = Cells[number];
type Question = { column: string; value: Cell; row: Cells };

/**
 * G34: a typical row with one column after the other set to zero, 1e-30, 1e30, missing or never seen before gets a finite
 * score, or is refused by name (a status below 500). No answer, or a fault of the model, fails.
 */
export async function finiteAnswers(
  gateway: ScratchGateway,
  version: ModelVersion,
  rows: ModelRows,
): Promise<Pick<CheckResult, 'state' | 'summary'>> {
  const usual = typicalRow(version.signature, rows);
  const questions = version.signature.flatMap((column, index): Question[] =>
    oddValues(column).map((value) => ({
      column: column.name,
      value,
      row: usual.with(index, value),
    })),
  );
  const { scores, errors } = await gateway.scoreRows(
    version.version,
    version.signature.map((column) => column.name),
    questions.map(({ row }) => row),
  );
  const refused = new Map(errors.map((error) => [error.row, error]));
  const faults = questions.flatMap(({ column, value }, row) => {
    if ((scores[row] ?? null) !== null) return [];
    const refusal = refused.get(row);
    if (refusal && refusal.status < 500) return [];
    const why = refusal?.message.split('\n')[0] ?? 'the score is not a finite number';
    return [`${column} = ${shown(value)}: ${why}`];
  });
  if (faults.length > 0) {
    const more = faults.length > 3 ? ` (and ${faults.length - 3} more)` : '';
    return { state: 'failed', summary: `${faults.slice(0, 3).join('; ')}${more}` };
  }
  const answered = questions.filter((_, row) => (scores[row] ?? null) !== null).length;
  return {
    state: 'passed',
    summary: `${questions.length} odd rows: ${answered} get a finite score, ${questions.length - answered} are refused by name.`,
  };
}

function oddValues({ type }: SignatureColumn): Cell[] {
  switch (type) {
    case 'boolean':
      return [null];
    case 'string':
      return ['', 'never seen before', null];
    case 'datetime':
      return ['1970-01-01T00:00:00.000Z', '9999-12-31T00:00:00.000Z', null];
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return [0, 1e-30, 1e30, null];
  }
}

/** Per column the median of numbers, the most frequent of other values. */
function typicalRow(signature: readonly SignatureColumn[], rows: ModelRows): Cells {
  return signature.map((column) => {
    const at = rows.columns.indexOf(column.name);
    const values = rows.cells.flatMap((cells) => (cells[at] === null ? [] : [cells[at]]));
    const numbers = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
    if (numbers.length > 0) return numbers[Math.floor(numbers.length / 2)] ?? null;
    const counts = new Map<Cell, number>();
    for (const value of values)
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  });
}

function shown(value: Cell): string {
  return value === null ? 'missing' : JSON.stringify(value);
}
