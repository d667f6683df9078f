/** `1 run`, `1,204 runs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural(noun)}`;
}

function plural(noun: string): string {
  return /[^aeou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** At most three names, then how many more. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** The day of an instant, UTC. */
export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** `30 seconds`, `12 minutes`, `5.5 hours`, `3 days`: two significant digits. */
export function span(ms: number): string {
  if (ms < 1) return 'no time';
  const units = [
    [864e5, 'day'],
    [36e5, 'hour'],
    [6e4, 'minute'],
    [1e3, 'second'],
  ] as const;
  const [size, noun] = units.find(([unit]) => ms >= unit) ?? [1, 'millisecond'];
  const value = Number((ms / size).toPrecision(2));
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`;
}
