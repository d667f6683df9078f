import type uPlot from 'uplot';
import { colorOf, withAlpha } from './plot-colors.ts';
import type { Drawing } from './plot-types.ts';

/** Stages, hatches and ticks: what lies behind the lines. */
export function drawSpans(plot: uPlot, drawing: Drawing): void {
  const scale = drawing.xKind === 'time' ? 1000 : 1;
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  const labels: { text: string; x: number }[] = [];
  drawing.spans.forEach((span, index) => {
    const from = plot.valToPos(span.from / scale, 'x', true);
    const to = plot.valToPos(span.to / scale, 'x', true);
    if (span.kind === 'hatch') {
      ctx.strokeStyle = withAlpha(colorOf(drawing.element, '--chart-grey'), 0.45);
      ctx.lineWidth = devicePixelRatio;
      ctx.save();
      ctx.beginPath();
      ctx.rect(from, top, to - from, height);
      ctx.clip();
      for (let at = from - height; at < to; at += 8 * devicePixelRatio) {
        ctx.beginPath();
        ctx.moveTo(at, top + height);
        ctx.lineTo(at + height, top);
        ctx.stroke();
      }
      ctx.restore();
    } else {
      ctx.fillStyle =
        span.kind === 'bad'
          ? colorOf(drawing.element, '--warn-soft')
          : index % 2 === 0
            ? colorOf(drawing.element, '--bg-soft')
            : 'transparent';
      ctx.fillRect(from, top, to - from, height);
    }
    if (span.label !== '' && to - from > ctx.measureText(span.label).width + 8 * devicePixelRatio) {
      labels.push({ text: span.label, x: from + 4 * devicePixelRatio });
    }
  });
  ctx.strokeStyle = withAlpha(colorOf(drawing.element, '--chart-grey'), 0.9);
  ctx.lineWidth = devicePixelRatio;
  for (const tick of drawing.ticks) {
    const at = plot.valToPos(tick / scale, 'x', true);
    ctx.beginPath();
    ctx.moveTo(at, top + height);
    ctx.lineTo(at, top + height - 7 * devicePixelRatio);
    ctx.stroke();
  }
  ctx.restore();
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillStyle = colorOf(drawing.element, '--muted');
  // Above the chart, where neither lines nor their names are.
  for (const { text, x } of labels) ctx.fillText(text, x, top - 2 * devicePixelRatio);
  ctx.restore();
}

/** Thresholds with their names. */
export function drawLines(plot: uPlot, drawing: Drawing): void {
  const { ctx } = plot;
  const { left, width } = plot.bbox;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  const heights = drawing.lines.map((line) => plot.valToPos(line.value, 'y', true));
  drawing.lines.forEach((line, index) => {
    const at = heights[index] ?? 0;
    ctx.strokeStyle = colorOf(drawing.element, line.color);
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.lineWidth = 1.25 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(left, at);
    ctx.lineTo(left + width, at);
    ctx.stroke();
    // A name stands above its line, or below it where another line is close above.
    const crowded = heights.some((other) => other < at && at - other < 18 * devicePixelRatio);
    const top = crowded ? at + devicePixelRatio : at - 15 * devicePixelRatio;
    const x = left + 3 * devicePixelRatio;
    // A line of the data may pass through the name: it stands on the ground of the chart.
    ctx.fillStyle = withAlpha(colorOf(drawing.element, '--bg-panel'), 0.85);
    ctx.fillRect(x, top, ctx.measureText(line.label).width, 14 * devicePixelRatio);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.textAlign = 'left';
    // uPlot leaves another baseline behind.
    ctx.textBaseline = 'top';
    ctx.fillText(line.label, x, top + 2 * devicePixelRatio);
  });
  ctx.restore();
}

/** Upright lines at the marks that change what is drawn after them. */
export function drawRules(plot: uPlot, drawing: Drawing): void {
  const { ctx } = plot;
  const { top, height } = plot.bbox;
  const scale = drawing.xKind === 'time' ? 1000 : 1;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const mark of drawing.marks) {
    const at = plot.valToPos(mark.x / scale, 'x', true);
    if (mark.through !== true || at < plot.bbox.left || at > plot.bbox.left + plot.bbox.width)
      continue;
    ctx.strokeStyle = withAlpha(colorOf(drawing.element, mark.color), 0.6);
    ctx.beginPath();
    ctx.moveTo(at, top);
    ctx.lineTo(at, top + height);
    ctx.stroke();
  }
  ctx.restore();
}
