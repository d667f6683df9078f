import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { PlotLegend } from './plot-legend.tsx';
import { PlotMarks, type PlotFrame } from './plot-marks.tsx';
import { dataOf, optionsOf } from './plot-options.ts';
import type { PlotLine, PlotMark, PlotSeries, PlotSpan } from './plot-types.ts';

/**
 * A chart of lines with bands, thresholds with their names, hatched spans without evidence, stages behind and marks
 * above. `x` is ms since the epoch, or any number. Charts with the same `sync` share their cursor; dragging zooms.
 */
export function Plot({
  label,
  x,
  xKind,
  series,
  lines = [],
  spans = [],
  marks = [],
  lanes = [],
  ticks = [],
  height = 220,
  unit = '',
  sync,
  onZoom,
  from0,
  extent,
}: {
  label: string;
  x: readonly number[];
  xKind: 'time' | 'number';
  series: readonly PlotSeries[];
  lines?: readonly PlotLine[];
  spans?: readonly PlotSpan[];
  marks?: readonly PlotMark[];
  /** Names of the rows of marks, from the top. */
  lanes?: readonly string[];
  ticks?: readonly number[];
  height?: number;
  unit?: string;
  sync?: string;
  onZoom?: (range: { from: number; to: number } | null) => void;
  /** The y scale begins at zero. */
  from0?: boolean;
  /** What the x axis covers at least. */
  extent?: { from: number; to: number };
}) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const [at, setAt] = useState<number | null>(null);
  const [frame, setFrame] = useState<PlotFrame | null>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  // What is drawn, as text: a chart is built anew only when it would look different.
  const drawn = JSON.stringify([
    x,
    series,
    lines,
    spans,
    ticks,
    marks,
    height,
    unit,
    scheme,
    extent,
  ]);
  useEffect(() => {
    const element = box.current;
    if (!element || x.length === 0) return undefined;
    const options = optionsOf({
      element,
      x,
      xKind,
      series,
      lines,
      spans,
      ticks,
      marks,
      lanes: lanes.length,
      height,
      unit,
      from0: from0 ?? false,
      extent,
    });
    const plot = new uPlot(
      {
        ...options,
        ...(sync === undefined ? {} : { cursor: { ...options.cursor, sync: { key: sync } } }),
        hooks: {
          ...options.hooks,
          setCursor: [(self) => setAt(self.cursor.idx ?? null)],
          draw: [
            ...(options.hooks?.draw ?? []),
            (self) => {
              const next = {
                left: self.over.offsetLeft,
                width: self.over.clientWidth,
                min: self.scales.x?.min ?? 0,
                max: self.scales.x?.max ?? 1,
              };
              setFrame((old) =>
                old &&
                old.left === next.left &&
                old.width === next.width &&
                old.min === next.min &&
                old.max === next.max
                  ? old
                  : next,
              );
            },
          ],
          setSelect: [
            (self) => {
              if (self.select.width < 6) return;
              const scale = xKind === 'time' ? 1000 : 1;
              zoom.current?.({
                from: Math.round(self.posToVal(self.select.left, 'x') * scale),
                to: Math.round(self.posToVal(self.select.left + self.select.width, 'x') * scale),
              });
            },
          ],
        },
      },
      dataOf(x, xKind, series),
      element,
    );
    const reset = (): void => zoom.current?.(null);
    plot.over.addEventListener('dblclick', reset);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `drawn` stands for every input
  }, [drawn]);
  if (x.length === 0) {
    return (
      <div className="chart-empty">
        <span>not enough evidence yet</span>
      </div>
    );
  }
  return (
    <div className="chart" role="group" aria-label={label}>
      <PlotLegend
        at={at}
        x={x}
        xKind={xKind}
        series={series}
        lines={lines}
        unit={unit}
        hatched={spans.some((span) => span.kind === 'hatch')}
      />
      <div ref={box} style={{ position: 'relative', height }}>
        {frame === null ? null : (
          <PlotMarks frame={frame} marks={marks} lanes={lanes} xKind={xKind} />
        )}
      </div>
    </div>
  );
}
