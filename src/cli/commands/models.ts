import { AppError } from '../../base/app-error.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { ModelSummary, VersionDetail, VersionSummary } from '../../contract/delivery.ts';
import type { ApiClient } from '../api-client.ts';
import { textTable, type CommandModule } from '../cli.ts';
import { exportModel } from '../export-model.ts';

export const modelsCommand: CommandModule = (program, cli) => {
  const models = program
    .command('models [model] [version]')
    .description('list models, the versions of one, or one version with the verdicts of its gates')
    .option('--limit <n>', 'how many', '20')
    .action(
      async (
        model: string | undefined,
        version: string | undefined,
        options: { limit: string },
      ) => {
        const api = cli.api();
        if (model === undefined) {
          const page = await api.get<{ items: ModelSummary[] }>('/api/models', options);
          cli.result(page, (value) => modelsText(value.items));
          return;
        }
        const path = `/api/models/${encodeURIComponent(model)}/versions`;
        if (version === undefined) {
          const page = await api.get<{ items: VersionSummary[] }>(path, options);
          if (page.items.length === 0) await requireModel(api, model);
          cli.result(page, (value) => versionsText(value.items));
          return;
        }
        cli.result(
          await api.get<VersionDetail>(`${path}/${encodeURIComponent(version)}`),
          detailText,
        );
      },
    );
  models
    .command('export <model> <folder>')
    .description(
      'write a version (NAME, NAME/VERSION or NAME@ALIAS; the champion unless told) with all it needs to run elsewhere',
    )
    .action(async (name: string, folder: string) => {
      cli.result(await exportModel(cli.api(), name, folder), (value) =>
        [
          `${value.model} ${value.version} in ${value.folder}, ${value.files} files`,
          `digest ${value.digest}`,
        ].join('\n'),
      );
    });
};

async function requireModel(api: ApiClient, model: string): Promise<void> {
  const { items } = await api.get<{ items: ModelSummary[] }>('/api/models', { limit: 100 });
  const known = items.map((item) => item.model);
  if (known.includes(model)) return;
  const near = nearestWord(model, known);
  throw new AppError('NOT_FOUND', `There is no model "${model}".`, {
    help: near === undefined ? 'See "rondo models".' : `Did you mean "${near}"?`,
  });
}

function modelsText(models: readonly ModelSummary[]): string {
  if (models.length === 0)
    return 'No models yet. A run of a pipeline with "produces" registers one.';
  return textTable([
    ['MODEL', 'VERSIONS', 'CHAMPION', 'CHALLENGER'],
    ...models.map((model) => [
      model.model,
      model.versions,
      model.aliases.champion,
      model.aliases.challenger,
    ]),
  ]);
}

function versionsText(versions: readonly VersionSummary[]): string {
  if (versions.length === 0) return 'No versions of this model.';
  return textTable([
    ['VERSION', 'STATE', 'RUN', 'WHY'],
    ...versions.map((version) => [
      version.version,
      version.state,
      version.runId ?? version.origin,
      version.reason,
    ]),
  ]);
}

function detailText(version: VersionDetail): string {
  return [
    `${version.model} ${version.version}  ${version.state}  ${version.format}  ${version.runId === null ? version.origin : `run ${version.runId}`}`,
    ...(version.reason === null ? [] : [version.reason]),
    '',
    textTable([
      ['GATE', 'OUTCOME', 'WHY'],
      ...version.gates.map((gate) => [gate.kind, gate.outcome, gate.reason]),
    ]),
    '',
    textTable([
      ['COLUMN', 'TYPE', 'FEATURE'],
      ...version.signature.map((column) => {
        const source = version.features.find((feature) => feature.column === column.name);
        return [
          column.name,
          column.type,
          source ? `${source.view}.${source.feature} by ${source.entity}` : null,
        ];
      }),
    ]),
  ].join('\n');
}
