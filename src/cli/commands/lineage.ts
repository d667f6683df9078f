import { AppError } from '../../base/app-error.ts';
import type { CommitView } from '../../contract/views/commits-view.ts';
import type { LineageNode, LineageView } from '../../contract/views/lineage-view.ts';
import type { ApiClient } from '../api-client.ts';
import { textTable, type CommandModule } from '../cli.ts';
import { minuteOf } from '../figures.ts';

export const lineageCommand: CommandModule = (program, cli) => {
  program
    .command('lineage <what>')
    .description(
      'what something was made from and what was made of it: a commit, RUN, MODEL/VERSION, DATASET@NUMBER, prediction, release, alarm or endpoint',
    )
    .option('--direction <way>', 'up (made from), down (made of it) or both', 'both')
    .option('--limit <n>', 'how many nodes before the rest is folded', '30')
    .action(async (what: string, options: { direction: string; limit: string }) => {
      if (!['up', 'down', 'both'].includes(options.direction))
        throw new AppError('USAGE', `--direction is up, down or both, not "${options.direction}".`);
      const api = cli.api();
      const view = await firstFound(api, what, options);
      const [kind, id] = keyParts(view.focus);
      const stations = kind === 'commit' ? await stationsOf(api, id) : null;
      cli.result({ ...view, ...(stations === null ? {} : { records: stations }) }, () =>
        [...(stations === null ? [] : [stationsText(stations), '']), lineageText(view)].join('\n'),
      );
    });
};

/** What a name can mean, the likeliest first. */
function candidatesFor(what: string): [kind: string, id: string][] {
  const known =
    /^(commit|bundle|dataset-version|run|model-version|release|endpoint|prediction|alarm):(.+)$/.exec(
      what,
    );
  if (known) return [[known[1] ?? '', known[2] ?? '']];
  const named = /^(run|release|alarm|prediction)_/.exec(what);
  if (named) return [[named[1] ?? '', what]];
  if (what.startsWith('sha256:')) return [['bundle', what]];
  if (/@\d+$/.test(what)) return [['dataset-version', what]];
  if (what.includes('/')) return [['model-version', what]];
  const hex: [string, string][] = [
    ['commit', what],
    ['run', what],
  ];
  return [...(/^[0-9a-f]{7,40}$/.test(what) ? hex : []), ['endpoint', what]];
}

async function firstFound(
  api: ApiClient,
  what: string,
  options: { direction: string; limit: string },
): Promise<LineageView> {
  for (const [kind, id] of candidatesFor(what)) {
    try {
      return await api.get<LineageView>(`/api/lineage/${kind}/${encodeURIComponent(id)}`, options);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_FOUND') throw error;
    }
  }
  throw new AppError('NOT_FOUND', `Nothing here is named "${what}".`, {
    help: 'Name a commit, a RUN, MODEL/VERSION, DATASET@NUMBER, a prediction, a release, an alarm or an endpoint.',
  });
}

/** The six stations of a commit; null when the server has no record of it. */
async function stationsOf(api: ApiClient, sha: string): Promise<CommitView['records'] | null> {
  try {
    return (await api.get<CommitView>(`/api/commits/${encodeURIComponent(sha)}`)).records;
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

function stationsText(records: CommitView['records']): string {
  return textTable([
    ['STATION', 'STATE', 'WHEN', 'WHAT'],
    ...Object.entries(records).map(([name, record]) => [
      name,
      record.state,
      minuteOf(record.atMs),
      record.summary,
    ]),
  ]);
}

function keyParts(key: string): [kind: string, id: string] {
  const at = key.indexOf(':');
  return [key.slice(0, at), key.slice(at + 1)];
}

function lineageText(view: LineageView): string {
  const focus = view.nodes.find((node) => node.key === view.focus);
  if (!focus) return '';
  const lines = [nodeText(focus)];
  for (const [title, way] of [
    ['made from', 'up'],
    ['made of it', 'down'],
  ] as const) {
    const branch = treeLines(view, way);
    if (branch.length > 0) lines.push('', title, ...branch);
  }
  if (lines.length === 1) lines.push('', 'Nothing was made of it, and nothing before it is known.');
  return lines.join('\n');
}

/** A tree of lines; a node that stands in it already is named again without its branches. */
function treeLines(view: LineageView, way: 'up' | 'down'): string[] {
  const nodes = new Map(view.nodes.map((node) => [node.key, node]));
  const seen = new Set([view.focus]);
  const lines: string[] = [];
  const visit = (key: string, indent: string): void => {
    const next = view.edges.flatMap((edge) => {
      const [near, far] = way === 'down' ? [edge.from, edge.to] : [edge.to, edge.from];
      const node = nodes.get(far);
      return near === key && node && far !== view.focus ? [{ node, label: edge.label }] : [];
    });
    for (const [index, { node, label }] of next.entries()) {
      const isLast = index === next.length - 1;
      const again = seen.has(node.key);
      seen.add(node.key);
      lines.push(
        `${indent}${isLast ? '└─' : '├─'} ${nodeText(node)}  (${label})${again ? ' ↑' : ''}`,
      );
      if (!again) visit(node.key, `${indent}${isLast ? '   ' : '│  '}`);
    }
  };
  visit(view.focus, '');
  return lines;
}

function nodeText(node: LineageNode): string {
  if (node.kind === 'fold') return `… ${node.label}`;
  const [kind, id] = keyParts(node.key);
  const name = kind === 'commit' ? node.label : id;
  return [
    `${kind.replace('-', ' ')} ${name}`,
    ...(node.state === null ? [] : [node.state]),
    ...(node.atMs === null ? [] : [minuteOf(node.atMs)]),
  ].join('  ');
}
