import type { ModelVersionOrigin, ModelVersionState } from '../storage/database/tables/registry.ts';

/** What is asked of a version before anything of it that people or endpoints rely on changes. */
export type GovernedVersion = {
  model: string;
  version: string;
  state: ModelVersionState;
  origin: ModelVersionOrigin;
  reason: string | null;
};

/** What the project says of a model: pipelines that produce it, and whether it names the model at all. */
export type ModelInProject = { named: boolean; pipelines: readonly string[] };

/** Why a client may not point `champion` or `challenger` at a version: one text for people. */
export function refusalOfAlias(
  alias: string,
  version: GovernedVersion,
  project: ModelInProject,
): string {
  return `The alias "${alias}" of ${version.model} is moved by promotion alone. ${standing(version)} ${theWay(project)}`;
}

/** Why a client may not take `champion` or `challenger` away. */
export function refusalOfAliasRemoval(alias: string, version: GovernedVersion): string {
  return `The alias "${alias}" of ${version.model} is moved by promotion alone: version ${version.version} ${STANDS[version.state]}. To take it back: rondo rollback ENDPOINT.`;
}

/** Why a client may not call a version's stage Production. */
export function refusalOfProduction(version: GovernedVersion, project: ModelInProject): string {
  return `The stage Production of ${version.model} is reached by promotion alone. ${standing(version)} ${theWay(project)}`;
}

/** Why a version must stay; null when it may be deleted. */
export function refusalOfDeletion(version: GovernedVersion): string | null {
  const { model, version: number, state } = version;
  const says = `Version ${number} of ${model}`;
  switch (state) {
    case 'registered':
    case 'refused':
      return null;
    case 'candidate':
      return `${says} is before its gates and cannot be deleted until they have spoken.`;
    case 'retired':
    case 'rolled-back':
      return `${says} was in a release: a rollback may put it back, so it stays.`;
    case 'waiting':
    case 'releasing':
    case 'champion':
      return `${says} ${STANDS[state]} and cannot be deleted. To take it back: rondo rollback ENDPOINT.`;
  }
}

const STANDS: Readonly<Record<ModelVersionState, string>> = {
  registered: 'is registered only',
  candidate: 'is before its gates',
  refused: 'was refused by its gates',
  waiting: 'waits for its release',
  releasing: 'is in a release',
  champion: 'serves',
  retired: 'was replaced',
  'rolled-back': 'was rolled back',
};

function standing(version: GovernedVersion): string {
  const says = `Version ${version.version}`;
  if (version.state === 'registered' && version.origin === 'orphan') {
    return `${says} is an orphan: no run produced it, so it can be loaded but not promoted.`;
  }
  if (version.state === 'registered' && version.origin === 'ad-hoc') {
    return `${says} is ad hoc: it comes from a client's own run and not from a pipeline, so it can be loaded but not promoted.`;
  }
  const why = version.reason === null ? '' : `: ${version.reason.replace(/\.$/, '')}`;
  return `${says} ${STANDS[version.state]}${why}.`;
}

function theWay(project: ModelInProject): string {
  const command = `rondo run ${project.pipelines[0] ?? 'PIPELINE'}`;
  return `A version goes to champion through gates and a release: ${command}.`;
}
