import type { Context } from '../context.ts';
import type { ModelInProject } from './governance.ts';

/** What the project file says of a model. */
export function modelInProject(ctx: Pick<Context, 'project'>, model: string): ModelInProject {
  const { models, endpoints, pipelines } = ctx.project.definition();
  const producing = Object.entries(pipelines)
    .filter(([, pipeline]) => pipeline.produces?.model === model)
    .map(([name]) => name);
  return {
    named:
      producing.length > 0 ||
      Object.hasOwn(models, model) ||
      Object.values(endpoints).some((endpoint) => endpoint.model === model),
    pipelines: producing,
  };
}
