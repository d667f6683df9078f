/** Line icons on a 16 px grid, drawn here so that nothing is fetched. */
const PATHS = {
  home: 'M2.5 7.5 8 3l5.5 4.5M4 6.5V13h8V6.5',
  datasets:
    'M3 4.2c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.8-5 1.8-5-.8-5-1.8Zm0 0v7.6c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4.2M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8',
  runs: 'M4 3.5v9l8-4.5-8-4.5Z',
  models: 'M8 2.2 13.2 5v6L8 13.8 2.8 11V5L8 2.2Zm0 5.6v6M2.8 5 8 7.8 13.2 5',
  releases: 'M3 13V9.5M6.3 13V7.5M9.7 13V5M13 13V2.5',
  endpoints: 'M2.5 8h3m5 0h3M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z',
  monitors: 'M2 8h2.6l1.7-4 3.1 8 1.8-4H14',
  events: 'M3 4h10M3 8h10M3 12h6',
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.5 14 13H2L8 2.5Zm0 4v3m0 1.8v.2',
  clock: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 5v3l2 1.5',
  play: 'M5 3.5v9l7-4.5-7-4.5Z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  stop: 'M4 4h8v8H4z',
  dot: 'M8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z',
  back: 'M6.5 3.5 3 7l3.5 3.5M3 7h6.5a3.5 3.5 0 0 1 0 7H7',
  up: 'M8 13V3.5M4 7.5l4-4 4 4',
  search: 'M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4Zm3.2 7.4 3 3',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  arrow: 'M3.5 8h9M9 4.5 12.5 8 9 11.5',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM8 1.5v1.6m0 9.8v1.6M1.5 8h1.6m9.8 0h1.6M3.4 3.4l1.1 1.1m7 7 1.1 1.1m0-9.2-1.1 1.1m-7 7-1.1 1.1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  cache: 'M3 8a5 5 0 0 1 8.5-3.5L13 6m0-3v3h-3M13 8a5 5 0 0 1-8.5 3.5L3 10m0 3v-3h3',
  flag: 'M4 14V2.5m0 .5h8l-2 2.7L12 8.5H4',
  bell: 'M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.2H2.8L4 11Zm3 2.8h2',
  gate: 'M3 13.5v-9M13 13.5v-9M3 6h10M6.3 6v7.5M9.7 6v7.5',
  question: 'M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6m0 2.2v.2',
  minus: 'M4 8h8',
  commits: 'M8 2v3.5m0 5V14M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z',
  features: 'M2.5 4h11M2.5 8h7M2.5 12h4M12 9.5v4m-2-2h4',
  triggers: 'M9 2 4 9h3.5L7 14l5-7H8.5L9 2Z',
  maturity: 'M2.5 13.5h3.2v-4H2.5v4Zm4 0h3.2v-7H6.5v7Zm4 0h3v-11h-3v11Z',
  audit: 'M4 2.5h6l2.5 2.5v8.5h-8.5v-11Zm2 5h4m-4 3h4M9.8 2.7V5.2h2.5',
  lineage:
    'M4 2.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2Zm0 7.2a1.6 1.6 0 1 1 0 3.2A1.6 1.6 0 0 1 4 10Zm8-3.6a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2ZM5.6 4.6 10.5 7.4M5.6 11.4l4.9-2.8',
  hand: 'M5.5 8V4.2a1 1 0 0 1 2 0V7m0-3.8a1 1 0 0 1 2 0V7m0-2.8a1 1 0 0 1 2 0V9.5a4 4 0 0 1-4 4c-2 0-2.8-.8-3.7-2.4L3 9.4c.6-.9 1.5-.8 2.5.4',
  run: 'M5 3.5v9l7-4.5-7-4.5Z',
  fold: 'M3 5.5h10M3 8h10M3 10.5h10',
  trigger: 'M9 2 4 9h3.5L7 14l5-7H8.5L9 2Z',
} as const;

export type IconName = keyof typeof PATHS;

export function iconPath(name: IconName): string {
  return PATHS[name];
}

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      className="icon"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
