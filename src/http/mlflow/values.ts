/** A double as MLflow's JSON has it: NaN and infinities are texts. */
export function jsonDouble(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** Leaves out members that are undefined or null: MLflow's JSON has no unset fields. */
export function present<T extends Record<string, unknown>>(members: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<T>;
}

/** Tags or parameters as a list of keys and values. */
export function keyValues(
  entries: Readonly<Record<string, string>>,
): { key: string; value: string }[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}
