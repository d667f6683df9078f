import type { GuideBlock } from './guide-blocks.ts';
import type { GuideShell, Outcome } from './run-guide.ts';

type Step = (shell: GuideShell) => Promise<Outcome>;

/** What a reader of a guide does, from its first block to its last, with the place of each. */
export function stepsOf(blocks: readonly GuideBlock[], guide: string): [string, Step][] {
  return blocks.flatMap((block): [string, Step][] => {
    const step = block.guide === guide ? stepOf(block) : null;
    return step === null ? [] : [[block.place, step]];
  });
}

/** What a reader does with a block. Null for those that are only looked at, or whose comment says that they are not for the test. */
function stepOf(block: GuideBlock): Step | null {
  const mark = block.mark ?? '';
  const file = /^file (\S+)$/.exec(mark)?.[1];
  if (file !== undefined) return (shell) => shell.write(file, block.text);
  const changed = /^line of (\S+)$/.exec(mark)?.[1];
  if (changed !== undefined) return (shell) => shell.changeLine(changed, block.text);
  if (block.language !== 'sh' || mark.startsWith('not here')) return null;
  const wanted = /^until (.+)$/.exec(mark)?.[1];
  return wanted === undefined
    ? (shell) => shell.run(block.text)
    : (shell) => runUntil(shell, block.text, wanted);
}

/** Runs a block again, as a person would who waits for something, until it prints that. */
async function runUntil(shell: GuideShell, text: string, wanted: string): Promise<Outcome> {
  let outcome = await shell.run(text);
  for (let tries = 0; tries < 60 && !outcome.stdout.includes(wanted); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    outcome = await shell.run(text);
  }
  if (outcome.stdout.includes(wanted)) return outcome;
  return {
    ...outcome,
    code: 1,
    stderr: `"${wanted}" did not come:\n${outcome.stdout}${outcome.stderr}`,
  };
}
