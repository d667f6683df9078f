import { z } from 'zod';

/** What the frame of every screen shows: the calendar's instant, the project, and whether the parts are well. */
export const nowView = z.object({
  project: z.string(),
  calendar: z.object({ kind: z.enum(['real', 'replayed']), nowMs: z.number() }),
  health: z.array(
    z.object({ part: z.string(), state: z.enum(['ok', 'down', 'unknown']), text: z.string() }),
  ),
});
export type NowView = z.infer<typeof nowView>;

/** One thing the palette can go to. */
export const paletteItem = z.object({ kind: z.string(), text: z.string(), to: z.string() });
export type PaletteItem = z.infer<typeof paletteItem>;

/** One thing the palette can do: what will happen in a sentence, and the same for the terminal. */
export const paletteAction = z.object({
  text: z.string(),
  effect: z.string(),
  command: z.string(),
  /** Where the order is sent, and with what. */
  path: z.string(),
  body: z.record(z.string(), z.unknown()),
  /** The name to type first, where it cannot be taken back. */
  typeName: z.string().nullable(),
});
export type PaletteAction = z.infer<typeof paletteAction>;

export const paletteView = z.object({
  items: z.array(paletteItem),
  actions: z.array(paletteAction),
});
export type PaletteView = z.infer<typeof paletteView>;
