type Search = Record<string, string | number | undefined>;

/** The search parameters after a change; what became empty leaves the address. */
export function changedSearch<S extends Search>(search: S, part: Partial<S>): S {
  return Object.fromEntries(
    Object.entries({ ...search, ...part }).filter(
      ([, value]) => value !== '' && value !== undefined,
    ),
  ) as S;
}
