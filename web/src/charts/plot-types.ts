import type { IconName } from '../components/icon.tsx';

export type PlotSeries = {
  label: string;
  values: readonly (number | null)[];
  /** Name of a CSS variable, as `--chart-1`. */
  color: string;
  low?: readonly (number | null)[];
  high?: readonly (number | null)[];
  dash?: readonly number[];
  bars?: boolean;
  points?: boolean;
  step?: boolean;
};
export type PlotLine = { value: number; label: string; color: string };
export type PlotSpan = { from: number; to: number; label: string; kind: 'stage' | 'hatch' | 'bad' };
export type PlotMark = {
  x: number;
  color: string;
  icon: IconName;
  text: string;
  to: string | null;
  /** Row it stands in, by the names in `lanes`. */
  lane?: number;
  /** Drawn through the whole chart: what came after it is another state of things. */
  through?: boolean;
};

/** Everything a chart is drawn from. */
export type Drawing = {
  element: HTMLElement;
  x: readonly number[];
  xKind: 'time' | 'number';
  series: readonly PlotSeries[];
  lines: readonly PlotLine[];
  spans: readonly PlotSpan[];
  ticks: readonly number[];
  marks: readonly PlotMark[];
  lanes: number;
  height: number;
  unit: string;
  from0: boolean;
  extent: { from: number; to: number } | undefined;
};
