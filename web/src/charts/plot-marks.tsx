import { Tooltip } from '@mantine/core';
import { Go } from '../components/go.tsx';
import { Icon } from '../components/icon.tsx';
import { LANE_PX } from './plot-options.ts';
import type { PlotMark } from './plot-types.ts';

/** Where the drawing lies in its box, and what its x axis covers. */
export type PlotFrame = { left: number; width: number; min: number; max: number };

/** Marks above the lines, one row a kind; each tells what it stands for and leads there. */
export function PlotMarks({
  frame,
  marks,
  lanes,
  xKind,
}: {
  frame: PlotFrame;
  marks: readonly PlotMark[];
  lanes: readonly string[];
  xKind: 'time' | 'number';
}) {
  return (
    <>
      {lanes.map((lane, index) => (
        <span
          key={lane}
          className="mark-lane"
          style={{ top: index * LANE_PX, width: frame.left - 6 }}
        >
          {lane}
        </span>
      ))}
      {marks.map((mark, index) => {
        const value = xKind === 'time' ? mark.x / 1000 : mark.x;
        const share = (value - frame.min) / (frame.max - frame.min || 1);
        if (share < 0 || share > 1) return null;
        const dot = <Icon name={mark.icon} size={9} />;
        return (
          <Tooltip key={`${mark.x} ${index}`} label={mark.text} maw={420}>
            <span
              className="mark-dot"
              style={{
                left: frame.left + share * frame.width,
                top: 8 + (mark.lane ?? 0) * LANE_PX,
                color: `var(${mark.color})`,
              }}
            >
              {mark.to ? (
                <Go to={mark.to} className="mark-link">
                  <span className="visually-hidden">{mark.text}</span>
                  {dot}
                </Go>
              ) : (
                dot
              )}
            </span>
          </Tooltip>
        );
      })}
    </>
  );
}
