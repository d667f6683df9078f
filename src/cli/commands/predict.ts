import { readFile } from 'node:fs/promises';
import { AppError } from '../../base/app-error.ts';
import { textTable, type Cli, type CommandModule } from '../cli.ts';
import { scoreFile } from '../score-file.ts';

type TryAnswer = { status: number; latencyMs: number; body: unknown };
type Prediction = {
  id: string;
  score: number | null;
  version: string | null;
  missing: string[];
  error?: string;
};

export const predictCommand: CommandModule = (program, cli) => {
  program
    .command('predict [endpoint] [field=value...]')
    .description('ask an endpoint, or score a file with the version it serves')
    .option('--endpoint <name>', 'the endpoint, where it is not the first word')
    .option('--input <file>', 'a JSON object of fields, - for stdin; with --output a file of rows')
    .option('--output <file>', 'score the rows of --input into this file (.parquet, .csv, .json)')
    .option('--model-version <version>', 'of a file: another version than the one at 100 %')
    .option('--time <column>', "of a file: features as known at each row's instant")
    .action(async (first: string | undefined, rest: string[], options: PredictOptions) => {
      const [endpoint, fields] = endpointOf(first, rest, options.endpoint);
      if (options.output !== undefined) {
        if (fields.length > 0)
          throw new AppError(
            'USAGE',
            `With --output the rows come from --input: ${fields.join(' ')}`,
          );
        await scoreFile(cli, { ...options, endpoint, output: options.output });
        return;
      }
      const inputs = {
        ...(options.input === undefined ? {} : await readFields(options.input)),
        ...parseFields(fields),
      };
      const answer = await ask(cli, endpoint, inputs);
      const { predictions } = answer.body as { predictions?: Prediction[] };
      if (answer.status !== 200 || !predictions) {
        const { error } = answer.body as { error?: { message?: string } | string };
        const message = typeof error === 'string' ? error : error?.message;
        throw new AppError(
          'PREDICTION_REFUSED',
          `The gateway answered ${answer.status}: ${message ?? 'no reason given'}`,
        );
      }
      cli.result({ ...answer, body: undefined, predictions }, (value) =>
        textTable([
          ['PREDICTION', 'SCORE', 'VERSION', 'MISSING', 'ERROR'],
          ...value.predictions.map((prediction) => [
            prediction.id,
            prediction.score,
            prediction.version,
            prediction.missing.join(' ') || null,
            prediction.error,
          ]),
        ]),
      );
    });
};

const ASK_AGAIN_MS = 500;
const MOST_ASKED = 10;

/** One answer. A version that has just become champion may still be loading (503): asked again for a few seconds. */
async function ask(
  cli: Cli,
  endpoint: string,
  inputs: Record<string, unknown>,
): Promise<TryAnswer> {
  for (let asked = 1; ; asked += 1) {
    const answer = await cli
      .api()
      .post<TryAnswer>(`/api/endpoints/${encodeURIComponent(endpoint)}/try`, { inputs });
    if (answer.status !== 503 || asked === MOST_ASKED) return answer;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

type PredictOptions = {
  endpoint?: string;
  input?: string;
  output?: string;
  modelVersion?: string;
  time?: string;
};

/** `predict E x=1` and `predict --endpoint E x=1` alike. */
function endpointOf(
  first: string | undefined,
  rest: readonly string[],
  named: string | undefined,
): [endpoint: string, fields: readonly string[]] {
  if (named !== undefined) return [named, first === undefined ? rest : [first, ...rest]];
  if (first === undefined) throw new AppError('USAGE', 'Name the endpoint: rondo predict NAME.');
  return [first, rest];
}

async function readFields(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8').catch(
    (cause: unknown) => {
      throw new AppError('NOT_FOUND', `There is no file ${path}.`, {
        help: 'Name a file with a JSON object of fields, or give the fields as field=value.',
        cause,
      });
    },
  );
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new AppError('USAGE', `${path} is not a JSON object of fields.`, { cause: error });
  }
}

/** `hour=5 origin=ATL late=true`: numbers, true, false and null are what they look like, anything else is text. */
function parseFields(fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const at = field.indexOf('=');
      if (at < 1) throw new AppError('USAGE', `"${field}" is not FIELD=VALUE.`);
      const text = field.slice(at + 1);
      const plain = /^(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(text);
      return [field.slice(0, at), plain ? (JSON.parse(text) as unknown) : text];
    }),
  );
}
