import type { RoutedModel } from '../../contract/route-table.ts';
import type { TensorSpec } from '../loaded-model.ts';
import { keepScorer } from '../python/keep-scorer.ts';
import { startScorer } from '../python/scorer-process.ts';
import type { Datatype } from '../tensor-types.ts';
import { ModelUnavailableError, type ModelFormat } from './model-format.ts';

const DATATYPES: Record<RoutedModel['signature'][number]['type'], Datatype> = {
  boolean: 'BOOL',
  integer: 'INT32',
  long: 'INT64',
  float: 'FP32',
  double: 'FP64',
  string: 'BYTES',
  datetime: 'BYTES',
};

/**
 * MLflow's flavour `python_function` (scikit-learn and everything else that MLflow can load): run by a Python process
 * of its own, one per version, which is started again when it dies.
 */
export const pythonFunctionFormat: ModelFormat = {
  kind: 'python-function',
  platform: 'mlflow_python_function',
  async open(routed, { dataDir, limits, logger }, wait) {
    const inputs = routed.signature.map(({ name, type }): TensorSpec => ({
      name,
      datatype: DATATYPES[type],
      shape: [-1],
    }));
    if (inputs.length === 0) throw new Error('MLmodel has no signature that names its columns');
    const log = logger.child({ model: routed.name, version: routed.version });
    const scorer = keepScorer({
      start: (signal) =>
        startScorer({
          signal,
          python: routed.python ?? 'python3',
          model: routed.path,
          columns: routed.signature.map(({ name, type }) => ({
            name,
            type,
            datatype: DATATYPES[type],
          })),
          dataDir,
          limits,
          logger: log,
        }),
      logger: log,
    });
    if (wait) {
      try {
        await scorer.firstStart;
      } catch (error) {
        await scorer.stop();
        throw error;
      }
    }
    return {
      inputs,
      columnar: true,
      get outputs() {
        return scorer.description?.outputs ?? [];
      },
      get answersPlainly() {
        return scorer.description?.plain ?? true;
      },
      ownProcess: true,
      missingText: null,
      get ready() {
        return scorer.current !== null;
      },
      get restarts() {
        return scorer.restarts;
      },
      run(feeds) {
        const { current } = scorer;
        return current
          ? current.predict(feeds)
          : Promise.reject(new ModelUnavailableError(scorer.whyDown));
      },
      release: () => scorer.stop(),
    };
  },
};
