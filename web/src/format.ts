/** A number with four significant digits, thousands separated: 0.4939, 21,334, 1.2e-7. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e12) return value.toExponential(2);
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (size > 0 && size < 1e-4) return value.toExponential(2);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined) return '–';
  const percent = share * 100;
  const digits =
    percent === 0 || percent >= 10 || Number.isInteger(percent) ? 0 : percent >= 1 ? 1 : 2;
  return `${percent.toFixed(digits)} %`;
}

const UNITS: readonly [string, number][] = [
  ['w', 6048e5],
  ['d', 864e5],
  ['h', 36e5],
  ['min', 6e4],
  ['s', 1e3],
];

/** `3 h`, `2 d`, `12 min`, `850 ms`: one unit, rounded. */
export function formatDurationShort(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  for (const [unit, size] of UNITS) {
    if (unit === 'w' && ms < 8 * 864e5 * 2) continue;
    if (ms >= size) return `${Math.round(ms / size)} ${unit}`;
  }
  return `${Math.round(ms)} ms`;
}

/** Exact: `1 h 02 min 03.4 s`. */
export function formatDurationExact(ms: number): string {
  const hours = Math.floor(ms / 36e5);
  const minutes = Math.floor((ms % 36e5) / 6e4);
  const seconds = (ms % 6e4) / 1000;
  return [
    hours > 0 ? `${hours} h` : '',
    hours > 0 || minutes > 0 ? `${minutes} min` : '',
    `${seconds.toFixed(3)} s`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit] ?? 'B'}`;
}

const local = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const localDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Date and time in the viewer's zone. */
export function formatTime(ms: number): string {
  return local.format(ms);
}
export function formatDay(ms: number): string {
  return localDay.format(ms);
}
export function formatUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 10);
}
/** Long ids of hexadecimal digits by their beginning, as one says a commit; others as they are. */
export function shortId(id: string): string {
  return /^[0-9a-f]{40,}$/.test(id) ? id.slice(0, 10) : id;
}
