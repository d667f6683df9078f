import { Command } from 'commander';
import { createCli } from '../../src/cli/cli.ts';
import { loadCommands } from '../../src/cli/commands/index.ts';

/** Every command and option as the program has them; `run-cli.ts` adds these to each. */
const EVERYWHERE = ['--json', '--url', '--help'];

const commands = await loadCommands();

function program(): Command {
  const all = new Command('rondo');
  const cli = createCli(all);
  for (const command of commands) command(all, cli);
  return all;
}

/** The `npx rondo ...` lines of a text, without comments, pipes and redirections. */
export function commandLines(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /npx rondo ([^`]*)/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/\s+#.*$/, '').replace(/\s(?:[|>]|&&).*$/, ''))
    .filter((line) => line !== '...');
}

/** What is wrong with the words of a command line; null when the program would take them. */
export function checkCommandLine(line: string): string | null {
  const words = line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  let command = program();
  let places = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word.startsWith('-') && word !== '-') {
      const option = command.options.find(({ long, short }) => long === word || short === word);
      if (!option && !EVERYWHERE.includes(word)) return `${command.name()} has no option ${word}`;
      if (option?.required === true || word === '--url') at += 1;
      while (option?.variadic === true && /^[^-]/.test(words[at + 1] ?? '')) at += 1;
      continue;
    }
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child && places === 0) command = child;
    else places += 1;
  }
  const wanted = command.registeredArguments;
  if (places > wanted.length && wanted.at(-1)?.variadic !== true)
    return `"${command.name()}" takes ${wanted.length} words, not ${places}`;
  if (places < wanted.filter((argument) => argument.required).length)
    return `"${command.name()}" wants more words`;
  return null;
}
