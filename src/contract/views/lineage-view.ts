import { z } from 'zod';

export const lineageNode = z.object({
  /** `KIND:ID`, unique in the answer. */
  key: z.string(),
  kind: z.enum([
    'commit',
    'bundle',
    'dataset-version',
    'run',
    'model-version',
    'release',
    'endpoint',
    'prediction',
    'alarm',
    'fold',
  ]),
  id: z.string(),
  label: z.string(),
  state: z.string().nullable(),
  atMs: z.number().nullable(),
  /** Address inside the screens. */
  to: z.string().nullable(),
  /** Of a fold: how many nodes of one kind it stands for. */
  count: z.number().nullable(),
});
export type LineageNode = z.infer<typeof lineageNode>;

/** What something was made from (upstream) and what was made of it (downstream); at most 30 nodes, the rest folded. */
export const lineageView = z.object({
  focus: z.string(),
  nodes: z.array(lineageNode),
  edges: z.array(z.object({ from: z.string(), to: z.string(), label: z.string() })),
});
export type LineageView = z.infer<typeof lineageView>;
