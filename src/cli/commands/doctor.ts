import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROJECT_FILE } from '../../config/project-file/load-project-file.ts';
import { examineNode, type Finding } from '../../system/examine.ts';
import type { CommandModule } from '../cli.ts';

const MARKS = { ok: 'ok     ', warning: 'warning', failed: 'failed ' };

type Component = Finding & { version: string | null };

function line(finding: Finding & { version?: string | null }): string {
  const version =
    finding.version === undefined || finding.version === null ? '' : ` (${finding.version})`;
  const help = finding.help === undefined ? '' : `\n                         try: ${finding.help}`;
  return `${MARKS[finding.state]}  ${finding.part.padEnd(14)}  ${finding.detail}${version}${help}`;
}

export const doctorCommand: CommandModule = (program, cli) => {
  program
    .command('doctor')
    .description('examine this machine, the project and the running server')
    .option('--dir <project>', 'folder with rondo.yaml', '.')
    .action(async (options: { dir: string }) => {
      const components: Component[] = [];
      const findings: Finding[] = [examineNode(process.versions.node)];
      const file = join(resolve(options.dir), PROJECT_FILE);
      findings.push(
        existsSync(file)
          ? { part: 'project', state: 'ok', detail: file }
          : {
              part: 'project',
              state: 'warning',
              detail: `no ${PROJECT_FILE} in ${resolve(options.dir)}`,
              help: 'Run "rondo init".',
            },
      );
      try {
        const remote = await cli
          .api()
          .get<{ findings: Finding[]; components: Component[] }>('/api/doctor');
        findings.push(...remote.findings);
        components.push(...remote.components);
      } catch {
        findings.push({
          part: 'server',
          state: 'warning',
          detail: `no answer at ${cli.api().baseUrl}`,
          help: 'Start it with "rondo up".',
        });
      }
      cli.result({ findings, components }, (value) =>
        [
          ...value.findings.map(line),
          ...(value.components.length === 0
            ? []
            : ['', 'Components', ...value.components.map(line)]),
        ].join('\n'),
      );
      if (findings.some((finding) => finding.state === 'failed')) process.exitCode = 1;
    });
};
