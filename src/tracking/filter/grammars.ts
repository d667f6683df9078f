/** What a name in a filter may belong to. */
export type FilterEntity = 'attribute' | 'metric' | 'parameter' | 'tag' | 'dataset';

/** What a filter of one kind of thing may say. */
export type FilterGrammar = {
  /** Word before the dot to what it means; a name without a dot is an attribute. */
  entities: Readonly<Record<string, FilterEntity>>;
  /** Attributes that are compared as text and as numbers. */
  text: readonly string[];
  numbers: readonly string[];
  /** Whether an integer may stand in quotes. */
  quotedNumbers?: boolean;
  /** Other spellings of attributes. */
  aliases: Readonly<Record<string, string>>;
  /** Attributes that may be compared with a list; `all` of them where MLflow has no such rule. */
  lists: readonly string[] | 'all';
  /** Entities that may be asked for with IS NULL. */
  nullable: readonly FilterEntity[];
  /** May a text that is a number stand without quotes? */
  bareTexts: boolean;
  /** Attributes in an order; `entities` whether metrics, parameters and tags may stand there too. */
  order: { attributes: readonly string[]; entities: boolean };
};

const DATASETS = { dataset: 'dataset', datasets: 'dataset' } as const;
const TAGS = { tag: 'tag', tags: 'tag' } as const;
const ATTRIBUTE = { attribute: 'attribute' } as const;
const RECORDS = {
  metric: 'metric',
  metrics: 'metric',
  parameter: 'parameter',
  parameters: 'parameter',
  param: 'parameter',
  params: 'parameter',
} as const;

export const runsGrammar: FilterGrammar = {
  entities: {
    ...ATTRIBUTE,
    attributes: 'attribute',
    attr: 'attribute',
    run: 'attribute',
    ...RECORDS,
    ...TAGS,
    ...DATASETS,
  },
  text: ['run_id', 'run_name', 'user_id', 'status', 'artifact_uri'],
  numbers: ['start_time', 'end_time'],
  aliases: {
    created: 'start_time',
    Created: 'start_time',
    'run name': 'run_name',
    'Run name': 'run_name',
    'Run Name': 'run_name',
  },
  lists: ['run_id'],
  nullable: ['tag', 'parameter'],
  bareTexts: false,
  order: {
    attributes: [
      'run_id',
      'run_name',
      'user_id',
      'status',
      'artifact_uri',
      'start_time',
      'end_time',
    ],
    entities: true,
  },
};

export const experimentsGrammar: FilterGrammar = {
  entities: { ...ATTRIBUTE, ...TAGS },
  text: ['name', 'experiment_id'],
  numbers: ['creation_time', 'last_update_time'],
  aliases: {},
  lists: ['experiment_id'],
  nullable: ['tag'],
  bareTexts: false,
  order: {
    attributes: ['name', 'experiment_id', 'creation_time', 'last_update_time'],
    entities: false,
  },
};

export const loggedModelsGrammar: FilterGrammar = {
  entities: { attributes: 'attribute', metrics: 'metric', params: 'parameter', tags: 'tag' },
  text: ['name', 'model_id', 'model_type', 'status', 'source_run_id', 'experiment_id'],
  numbers: ['creation_timestamp', 'last_updated_timestamp'],
  aliases: { creation_time: 'creation_timestamp' },
  lists: 'all',
  nullable: [],
  bareTexts: true,
  order: {
    attributes: [
      'name',
      'model_id',
      'model_type',
      'status',
      'source_run_id',
      'creation_timestamp',
      'last_updated_timestamp',
    ],
    entities: true,
  },
};

export const registeredModelsGrammar: FilterGrammar = {
  entities: { ...ATTRIBUTE, ...TAGS },
  text: ['name'],
  numbers: [],
  aliases: {},
  lists: ['name'],
  nullable: [],
  bareTexts: false,
  order: {
    attributes: ['name', 'creation_timestamp', 'last_updated_timestamp'],
    entities: false,
  },
};

export const modelVersionsGrammar: FilterGrammar = {
  entities: { ...ATTRIBUTE, ...TAGS },
  text: ['name', 'run_id', 'source_path'],
  numbers: ['version_number'],
  quotedNumbers: true,
  aliases: {},
  lists: ['name', 'run_id'],
  nullable: [],
  bareTexts: false,
  order: {
    attributes: ['name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'],
    entities: false,
  },
};
