import { z } from 'zod';
import { durationField, nameField, projectPathField } from '../../contract/fields.ts';
import { lossNames } from '../../contract/losses.ts';
import type { Variant } from '../../contract/variant.ts';

/** The variant tables a project file may name; the composition root passes them in. */
export type ProjectVariants = {
  sources: readonly Variant[];
  gates: readonly Variant[];
  monitors: readonly Variant[];
  triggers: readonly Variant[];
  environments: readonly Variant[];
};

/** An entry of a variant table as written in the project file: its kind and the settings its variant has checked. */
export type VariantEntry = { kind: string } & Record<string, unknown>;

function oneOf(variants: readonly Variant[]) {
  const [first, ...rest] = variants.map((variant) =>
    variant.config
      .extend({ kind: z.literal(variant.kind) })
      .strict()
      .describe(variant.summary),
  );
  if (!first) return z.never() as unknown as z.ZodType<VariantEntry>;
  return z.discriminatedUnion('kind', [first, ...rest] as [
    z.ZodObject,
    ...z.ZodObject[],
  ]) as unknown as z.ZodType<VariantEntry>;
}

const stageField = z.union([
  z.literal('shadow').transform(() => 'shadow' as const),
  z
    .string()
    .regex(/^(100|\d{1,2})(\.\d+)?%$/, 'expected "shadow" or a share such as 5%')
    .transform((text) => Number(text.slice(0, -1)) / 100),
]);

const lossMetric = z.enum(lossNames);

/** The schema of `rondo.yaml`. It is published as JSON Schema; see the guide for each part. */
export function projectSchema(variants: ProjectVariants) {
  const time = z.strictObject({
    event: z.string().describe('Column: when it happened'),
    available: z.string().optional().describe('Column: when it was known here'),
  });
  const dataset = z.strictObject({
    source: oneOf(variants.sources),
    time: time.optional(),
    schema: projectPathField.optional().describe('Schema file, written by "rondo schema infer"'),
    checks: projectPathField.optional().describe('Suite of checks'),
    owner: z.string().optional(),
    jurisdiction: z.string().optional(),
    licence: z.string().optional(),
  });
  const featureView = z.strictObject({
    from: nameField.describe('The dataset the SQL reads, as a table of that name'),
    entity: z.string().describe('Key column'),
    time: z.strictObject({ event: z.string(), available: z.string() }),
    sql: projectPathField,
    ttl: durationField.describe('Older values are missing, offline and online alike'),
    history: z
      .strictObject({
        rows: z.number().int().positive().optional().describe('Rows per entity the SQL looks back'),
        span: durationField.optional().describe('Time the SQL looks back'),
      })
      .optional()
      .describe('How far back one value reaches; without it every update reads the whole dataset'),
  });
  const step = z
    .strictObject({
      run: z.string().min(1).optional().describe('Command, given to sh -c'),
      uses: z.enum(['extract', 'checks', 'score']).optional().describe('A built-in step'),
      in: z.array(z.string()).default([]).describe('Datasets, feature views, or STEP.OUTPUT'),
      out: z.record(nameField, projectPathField).default({}),
      with: z.record(z.string(), z.unknown()).default({}).describe('Settings of a built-in step'),
      retry: z.number().int().min(0).max(20).default(0),
      timeout: durationField.optional(),
      cache: z.boolean().default(true),
      env: z.array(z.string()).default([]).describe('Variables passed on to the command'),
      environment: oneOf(variants.environments).optional(),
    })
    .refine((value) => (value.run === undefined) !== (value.uses === undefined), {
      message: 'expected either "run" (a command) or "uses" (a built-in step)',
    });
  const pipeline = z.strictObject({
    parameters: z.record(nameField, z.union([z.string(), z.number(), z.boolean()])).default({}),
    steps: z.record(nameField, step),
    produces: z
      .strictObject({
        model: nameField,
        from: z.string().describe('STEP.OUTPUT that holds the model folder'),
        metrics: z.string().optional().describe('STEP.OUTPUT with a JSON file of metrics'),
        test: z.string().optional().describe('STEP.OUTPUT with the test rows the gates score'),
        train: z.string().optional().describe('STEP.OUTPUT with the training rows'),
        scores: z
          .string()
          .optional()
          .describe("STEP.OUTPUT with training's own scores of the test rows"),
      })
      .optional(),
    triggers: z.array(oneOf(variants.triggers)).default([]),
  });
  const model = z.strictObject({
    label: z.strictObject({
      column: z.string(),
      arrives: z.string().optional().describe('Column: when the label becomes known'),
      horizon: durationField.describe('After this time a missing label counts as missing'),
      dataset: nameField
        .optional()
        .describe('Dataset that brings the labels; without it they come by HTTP'),
      id: z
        .string()
        .optional()
        .describe(
          'Its column with the prediction id; prediction_id unless given, where it is there',
        ),
      entity: z
        .array(z.string())
        .optional()
        .describe('Without ids: columns that name the entity, as requests do'),
      time: z
        .string()
        .optional()
        .describe('Without ids: column with the time of the request; the event time unless given'),
    }),
    gates: z.array(oneOf(variants.gates)).default([]),
  });
  const endpoint = z.strictObject({
    model: nameField,
    assign_by: z.string().default('request').describe('"request", or a field of the request'),
    rollout: z
      .strictObject({
        stages: z.array(stageField).default(['shadow', 0.05, 0.25, 0.5, 1]),
        guards: z
          .strictObject({
            error_rate: z.number().min(1).default(1.25).describe('Largest tolerated rate ratio'),
            latency_p95: z
              .number()
              .min(1)
              .max(19, {
                error:
                  "at most 19: 5 % of the champion's answers are slower than its p95, so a ratio of 20 would allow every answer to be",
              })
              .default(1.5)
              .describe("Largest tolerated ratio of answers slower than the champion's p95"),
            max_error_rate: z
              .number()
              .gt(0, { error: 'above 0: no number of good answers proves that none ever fails' })
              .lt(1, { error: 'below 1: a rate of 1 would allow every answer to fail' })
              .default(0.01)
              .describe('Limit where errors are too rare to compare'),
          })
          .prefault({}),
        quality: z.strictObject({ metric: lossMetric, margin: z.number().positive() }).optional(),
        alpha: z.number().positive().max(0.5).default(0.05),
        budget: z
          .strictObject({ requests: z.number().int().positive() })
          .prefault({ requests: 100_000 }),
        min_requests: z
          .number()
          .int()
          .positive()
          .default(200)
          .describe('Canary requests a stage needs'),
      })
      .prefault({}),
    monitors: z.array(oneOf(variants.monitors)).default([]),
  });
  const ci = z.strictObject({
    branch: z.string().min(1).default('main').describe('Commits on it are tested and deployed'),
    tests: z.string().min(1).optional().describe("Command of the project's own tests"),
    timeout: durationField.prefault('10m').describe('Of the tests, and of each pipeline'),
    slice: z
      .strictObject({
        rows: z.number().int().min(50).max(1_000_000).default(2000).describe('Of each dataset'),
      })
      .prefault({}),
  });
  return z.strictObject({
    rondo: z.literal(1),
    project: nameField,
    ci: ci
      .optional()
      .describe('Runs use the last commit that passed its tests instead of the working tree'),
    datasets: z.record(nameField, dataset).default({}),
    features: z.record(nameField, featureView).default({}),
    pipelines: z.record(nameField, pipeline).default({}),
    models: z.record(nameField, model).default({}),
    endpoints: z.record(nameField, endpoint).default({}),
    notifications: z
      .array(
        z.strictObject({
          kind: z.literal('webhook'),
          url: z.url({ protocol: /^https?$/ }),
          on: z
            .array(z.enum(['alarm', 'refusal', 'rollback', 'run-failed', 'promotion']))
            .default(['alarm', 'refusal', 'rollback']),
          secret_env: z.string().optional().describe('Variable with the key that signs deliveries'),
        }),
      )
      .default([]),
  });
}

/** A project file as parsed: durations in ms, shares in [0, 1], defaults filled in. */
export type ProjectDefinition = z.output<ReturnType<typeof projectSchema>>;
export type DatasetDefinition = ProjectDefinition['datasets'][string];
export type FeatureViewDefinition = ProjectDefinition['features'][string];
export type PipelineDefinition = ProjectDefinition['pipelines'][string];
export type StepDefinition = PipelineDefinition['steps'][string];
export type ModelDefinition = ProjectDefinition['models'][string];
export type EndpointDefinition = ProjectDefinition['endpoints'][string];
export type CiDefinition = NonNullable<ProjectDefinition['ci']>;
export type RolloutDefinition = EndpointDefinition['rollout'];
