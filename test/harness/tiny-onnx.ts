import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { RoutedModel } from '../../src/contract/route-table.ts';

/** ONNX element types. */
const TYPES = { float: 1, int64: 7, string: 8, double: 11 } as const;
type ElementType = keyof typeof TYPES;
type Dimension = number | string;
type TensorInfo = { name: string; type: ElementType; shape: Dimension[] };
type Attribute = number | string | number[] | { ints: number[] } | { tensor: Uint8Array };
type Node = {
  op: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, Attribute>;
  domain?: string;
};

export type Graph = {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  nodes: Node[];
  initializers?: Uint8Array[];
};

const message = (fill: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  fill(writer);
  return writer.finish();
};
const sub = (writer: BinaryWriter, field: number, bytes: Uint8Array) =>
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const int = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Varint).int64(value);

/** A constant of a graph. */
export function constant(
  name: string,
  type: 'float' | 'int64',
  shape: number[],
  values: number[],
): Uint8Array {
  return message((writer) => {
    for (const size of shape) int(writer, 1, size);
    int(writer, 2, TYPES[type]);
    text(writer, 8, name);
    const raw = type === 'float' ? new Float32Array(values) : new BigInt64Array(values.map(BigInt));
    sub(writer, 9, new Uint8Array(raw.buffer));
  });
}

/** The bytes of an ONNX model (IR 8, opset 17, ai.onnx.ml 3). */
export function encodeModel(graph: Graph): Uint8Array {
  return message((writer) => {
    int(writer, 1, 8);
    text(writer, 2, 'rondo-tests');
    sub(writer, 7, encodeGraph(graph));
    for (const [domain, version] of [
      ['', 17],
      ['ai.onnx.ml', 3],
    ] as const) {
      sub(
        writer,
        8,
        message((opset) => {
          text(opset, 1, domain);
          int(opset, 2, version);
        }),
      );
    }
  });
}

function encodeGraph({ inputs, outputs, nodes, initializers = [] }: Graph): Uint8Array {
  return message((writer) => {
    for (const node of nodes) sub(writer, 1, encodeNode(node));
    text(writer, 2, 'graph');
    for (const bytes of initializers) sub(writer, 5, bytes);
    for (const info of inputs) sub(writer, 11, encodeInfo(info));
    for (const info of outputs) sub(writer, 12, encodeInfo(info));
  });
}

function encodeNode({ op, inputs, outputs, attributes = {}, domain = '' }: Node): Uint8Array {
  return message((writer) => {
    for (const name of inputs) text(writer, 1, name);
    for (const name of outputs) text(writer, 2, name);
    text(writer, 4, op);
    for (const [name, value] of Object.entries(attributes))
      sub(writer, 5, encodeAttribute(name, value));
    text(writer, 7, domain);
  });
}

function encodeAttribute(name: string, value: Attribute): Uint8Array {
  return message((writer) => {
    text(writer, 1, name);
    if (typeof value === 'number') {
      int(writer, 3, value);
      int(writer, 20, 2);
    } else if (typeof value === 'string') {
      text(writer, 4, value);
      int(writer, 20, 3);
    } else if (Array.isArray(value)) {
      sub(writer, 7, new Uint8Array(new Float32Array(value).buffer));
      int(writer, 20, 6);
    } else if ('ints' in value) {
      for (const item of value.ints) int(writer, 8, item);
      int(writer, 20, 7);
    } else {
      sub(writer, 5, value.tensor);
      int(writer, 20, 4);
    }
  });
}

function encodeInfo({ name, type, shape }: TensorInfo): Uint8Array {
  const dimensions = message((writer) => {
    for (const size of shape) {
      sub(
        writer,
        1,
        message((dimension) => {
          if (typeof size === 'number') int(dimension, 1, size);
          else text(dimension, 2, size);
        }),
      );
    }
  });
  const tensor = message((writer) => {
    int(writer, 1, TYPES[type]);
    sub(writer, 2, dimensions);
  });
  return message((writer) => {
    text(writer, 1, name);
    sub(
      writer,
      2,
      message((info) => sub(info, 1, tensor)),
    );
  });
}

/** Logistic regression on `weights.length` columns, as scikit-learn's converter writes it: label and probabilities. */
export function logisticGraph(weights: readonly number[], bias: number): Graph {
  return {
    inputs: [{ name: 'input', type: 'float', shape: ['N', weights.length] }],
    outputs: [
      { name: 'label', type: 'int64', shape: ['N'] },
      { name: 'probabilities', type: 'float', shape: ['N', 2] },
    ],
    nodes: [
      {
        op: 'LinearClassifier',
        domain: 'ai.onnx.ml',
        inputs: ['input'],
        outputs: ['label', 'raw'],
        attributes: {
          coefficients: [...weights.map((weight) => -weight), ...weights],
          intercepts: [-bias, bias],
          classlabels_ints: { ints: [0, 1] },
          multi_class: 0,
          post_transform: 'LOGISTIC',
        },
      },
      {
        op: 'Normalizer',
        domain: 'ai.onnx.ml',
        inputs: ['raw'],
        outputs: ['probabilities'],
        attributes: { norm: 'L1' },
      },
    ],
  };
}

/** A regression that gives `table[first column]` and fails where the table has no such row (0 to 9). */
export function lookUpGraph(columns: number, offset: number): Graph {
  return {
    inputs: [{ name: 'input', type: 'float', shape: ['N', columns] }],
    outputs: [{ name: 'value', type: 'float', shape: ['N'] }],
    nodes: [
      { op: 'Gather', inputs: ['input', 'zero'], outputs: ['first'], attributes: { axis: 1 } },
      { op: 'Cast', inputs: ['first'], outputs: ['index'], attributes: { to: 7 } },
      { op: 'Gather', inputs: ['table', 'index'], outputs: ['value'], attributes: { axis: 0 } },
    ],
    initializers: [
      constant('zero', 'int64', [], [0]),
      constant(
        'table',
        'float',
        [10],
        Array.from({ length: 10 }, (_, i) => i / 100 + offset),
      ),
    ],
  };
}

/** A regression that costs about `layers` x 1 million multiplications a row and gives the sum of its columns. */
export function slowGraph(columns: number, layers: number): Graph {
  const width = 1024;
  const nodes: Node[] = [
    { op: 'ConstantOfShape', inputs: ['square'], outputs: ['weights'] },
    { op: 'ReduceSum', inputs: ['input', 'axis'], outputs: ['sum'], attributes: { keepdims: 1 } },
    { op: 'Expand', inputs: ['sum', 'row'], outputs: ['h0'] },
  ];
  for (let i = 0; i < layers; i += 1) {
    nodes.push({ op: 'MatMul', inputs: [`h${i}`, 'weights'], outputs: [`m${i}`] });
    nodes.push({ op: 'Add', inputs: [`m${i}`, 'h0'], outputs: [`h${i + 1}`] });
  }
  nodes.push({
    op: 'ReduceMean',
    inputs: [`h${layers}`],
    outputs: ['value'],
    attributes: { axes: { ints: [1] }, keepdims: 0 },
  });
  return {
    inputs: [{ name: 'input', type: 'float', shape: ['N', columns] }],
    outputs: [{ name: 'value', type: 'float', shape: ['N'] }],
    nodes,
    initializers: [
      constant('square', 'int64', [2], [width, width]),
      constant('row', 'int64', [2], [1, width]),
      constant('axis', 'int64', [1], [1]),
    ],
  };
}

/** Gives back what it gets, for each element type. */
export function echoGraph(): Graph {
  const infos = [
    { name: 'whole', type: 'int64' as const, shape: ['N'] },
    { name: 'words', type: 'string' as const, shape: ['N'] },
    { name: 'real', type: 'double' as const, shape: ['N'] },
  ];
  return {
    inputs: infos,
    outputs: infos.map((info) => ({ ...info, name: `${info.name}_out` })),
    nodes: infos.map(({ name }) => ({ op: 'Identity', inputs: [name], outputs: [`${name}_out`] })),
  };
}

/** Writes a model folder and gives its entry of a route table. */
export function writeModel(
  dir: string,
  model: { name: string; version: string; graph: Graph; columns: string[] } & Partial<RoutedModel>,
): RoutedModel {
  const { graph, columns, ...routed } = model;
  const path = join(dir, `${model.name}-${model.version}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'model.onnx'), encodeModel(graph));
  return {
    path,
    digest: `sha256:${model.name}${model.version}`,
    signature: columns.map((name) => ({ name, type: 'double', required: true })),
    features: [],
    positiveClass: 1,
    format: 'onnx',
    python: null,
    ...routed,
  };
}
