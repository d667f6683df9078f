/** Spearman's rank correlation, ties with their mean rank; 0 where one side does not vary. Arrays of equal length. */
export function rankCorrelation(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [ranks(left), ranks(right)];
  const mean = (left.length + 1) / 2;
  let both = 0;
  let one = 0;
  let other = 0;
  for (const [index, rank] of a.entries()) {
    const partner = b[index] ?? mean;
    both += (rank - mean) * (partner - mean);
    one += (rank - mean) ** 2;
    other += (partner - mean) ** 2;
  }
  return one === 0 || other === 0 ? 0 : both / Math.sqrt(one * other);
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return below + (same + 1) / 2;
  });
}
