import type { Logger } from 'pino';
import type { RoutedModel } from '../../contract/route-table.ts';
import type { GatewayLimits } from '../gateway-config.ts';
import type { OutputTensor, TensorSpec } from '../loaded-model.ts';

/** A way to run a model folder: one file in this folder and one line in its table. */
export type ModelFormat = {
  kind: RoutedModel['format'];
  /** The name the Open Inference Protocol gives it. */
  platform: string;
  /**
   * Opens the folder of a version. With `wait` it resolves when the model can run and rejects when it cannot; without,
   * a model that needs a process may still be starting (or keep failing to): it is then not `ready`.
   */
  open(routed: RoutedModel, surroundings: ModelSurroundings, wait: boolean): Promise<ModelRuntime>;
};

export type ModelSurroundings = {
  /** DATA/gateway. */
  dataDir: string;
  limits: GatewayLimits;
  logger: Logger;
};

/** A model that can be run. */
export type ModelRuntime = {
  /** What one run takes. A runtime whose inputs are the columns of the signature says so with `columnar`. */
  readonly inputs: readonly TensorSpec[];
  readonly columnar: boolean;
  /** Empty while the model was never ready. */
  readonly outputs: readonly TensorSpec[];
  /** The model answers with one list without a name, which MLflow sends as it is. */
  readonly answersPlainly: boolean;
  /** It runs in a process of its own: others need not wait for it. */
  readonly ownProcess: boolean;
  /** What a missing text is to it. */
  readonly missingText: '' | null;
  readonly ready: boolean;
  readonly restarts: number;
  /** One run. Rejects with ModelUnavailableError when the model is not there, with any other error for what it was fed. */
  run(feeds: readonly OutputTensor[]): Promise<OutputTensor[]>;
  release(): Promise<void>;
};

/** The model itself is not there at this moment; what it was fed is not to blame. */
export class ModelUnavailableError extends Error {}
