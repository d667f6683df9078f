import uPlot from 'uplot';
import { formatDay, formatNumber } from '../format.ts';
import { colorOf, withAlpha } from './plot-colors.ts';
import { drawLines, drawRules, drawSpans } from './plot-drawing.ts';
import type { Drawing, PlotLine, PlotSeries } from './plot-types.ts';

/** Height of one row of marks above the lines, px. */
export const LANE_PX = 17;
const AIR_PX = 4;

/** The columns uPlot draws; a band is two more, its upper and its lower edge. */
export function dataOf(
  x: readonly number[],
  xKind: 'time' | 'number',
  series: readonly PlotSeries[],
): uPlot.AlignedData {
  const columns: (number | null)[][] = [
    x.map((value) => (xKind === 'time' ? value / 1000 : value)),
  ];
  for (const one of series) {
    columns.push([...one.values]);
    if (one.low && one.high) columns.push([...one.high], [...one.low]);
  }
  return columns as unknown as uPlot.AlignedData;
}

/** What uPlot is told: axes, scales, series, bands, and what is drawn by hand. */
export function optionsOf(drawing: Drawing): uPlot.Options {
  const { element, series, lines } = drawing;
  const color = (name: string): string => colorOf(element, name);
  const axis = {
    stroke: color('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--line-soft'), width: 1 },
    ticks: { show: false },
  };
  const drawnSeries: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const one of series) {
    const stroke = color(one.color);
    const paths = one.bars
      ? uPlot.paths.bars?.({ size: [0.85, 60] })
      : one.step
        ? uPlot.paths.stepped?.({ align: 1 })
        : undefined;
    drawnSeries.push({
      label: one.label,
      stroke,
      width: one.bars ? 0 : 1.75,
      ...(one.bars ? { fill: withAlpha(stroke, 0.55) } : {}),
      ...(one.dash ? { dash: [...one.dash] } : {}),
      points: { show: one.points === true, size: 5, fill: stroke },
      ...(paths ? { paths } : {}),
    });
    if (one.low && one.high) {
      const high = drawnSeries.length;
      drawnSeries.push(
        { stroke: 'transparent', points: { show: false } },
        { stroke: 'transparent', points: { show: false } },
      );
      bands.push({ series: [high, high + 1], fill: withAlpha(stroke, 0.18) });
    }
  }
  return {
    width: element.clientWidth || 600,
    height: drawing.height,
    padding: [AIR_PX + Math.max(1, drawing.lanes) * LANE_PX, 20, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: {
        time: drawing.xKind === 'time',
        range: (_self, min, max) => xRange(min, max, drawing),
      },
      y: { range: (_self, min, max) => yRange(min, max, lines, drawing.from0) },
    },
    axes: [
      {
        ...axis,
        size: 30,
        values: (_self, values) =>
          values.map((value) =>
            drawing.xKind === 'time' ? formatDay(value * 1000) : formatNumber(value),
          ),
      },
      {
        ...axis,
        size: 54,
        values: (_self, values) =>
          values.map((value) => formatNumber(Number(value.toPrecision(6)))),
      },
    ],
    series: drawnSeries,
    bands,
    hooks: {
      drawClear: [(self) => drawSpans(self, drawing)],
      draw: [
        (self) => {
          drawRules(self, drawing);
          drawLines(self, drawing);
        },
      ],
    },
  };
}

function xRange(min: number, max: number, { extent, xKind }: Drawing): [number, number] {
  const scale = xKind === 'time' ? 1000 : 1;
  const low = extent ? Math.min(min, extent.from / scale) : min;
  const high = extent ? Math.max(max, extent.to / scale) : max;
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** Room for every line that carries a name, and a little air. */
function yRange(
  min: number,
  max: number,
  lines: readonly PlotLine[],
  from0: boolean,
): [number, number] {
  const values = [min, max, ...lines.map((line) => line.value)].filter((value) =>
    Number.isFinite(value),
  );
  if (values.length === 0) return [0, 1];
  const low = from0 ? Math.min(0, ...values) : Math.min(...values);
  const high = Math.max(...values);
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [from0 && low >= 0 ? 0 : low - air, high + air];
}
