import type { Edit } from './project-commits.ts';

/**
 * The second commit: flights between two airports that are both late are late more often than the two shares tell one
 * by one, so their product joins the model.
 */
export const IMPROVEMENT: readonly Edit[] = [
  {
    file: 'steps/model.ts',
    from: '  holiday: number;\n',
    to: "  holiday: number;\n  /** Of the product of both airports' late shares. */\n  both: number;\n",
  },
  {
    file: 'steps/model.ts',
    from: '  values.forEach((value, index) => (logit +=',
    to: '  logit += model.both * (values[4] ?? 0) * (values[5] ?? 0);\n  values.forEach((value, index) => (logit +=',
  },
  {
    file: 'steps/model.ts',
    from: "      floats('bias', [1], [model.bias]),\n",
    to: "      floats('bias', [1], [model.bias]),\n      floats('both_weight', [1], [model.both]),\n",
  },
  {
    file: 'steps/model.ts',
    from: "      node('Add', ['sum_3', 'bias'], 'logit'),\n",
    to: [
      "      node('Mul', ['origin', 'destination'], 'both_late'),",
      "      node('Mul', ['both_late', 'both_weight'], 'both_part'),",
      "      node('Add', ['sum_3', 'both_part'], 'sum_4'),",
      "      node('Add', ['sum_4', 'bias'], 'logit'),",
      '',
    ].join('\n'),
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'const SIZE = HOLIDAY + 1;',
    to: 'const BOTH = HOLIDAY + 1;\nconst SIZE = BOTH + 1;',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'const touched = 4 + NUMERIC.length;',
    to: 'const touched = 5 + NUMERIC.length;',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'WEEKDAYS + at.weekday, HOLIDAY], base);',
    to: 'WEEKDAYS + at.weekday, HOLIDAY, BOTH], base);',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'inputs.set([1, 1, 1, settings.holidays[at.landing] ?? 0], base);',
    to: 'inputs.set(\n      [1, 1, 1, settings.holidays[at.landing] ?? 0, (row[4] ?? 0) * (row[5] ?? 0)],\n      base,\n    );',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'places[base + 4 + n] =',
    to: 'places[base + 5 + n] =',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: 'inputs[base + 4 + n] =',
    to: 'inputs[base + 5 + n] =',
  },
  {
    file: 'steps/fit-logistic.ts',
    from: '    holiday: Math.fround(weights[HOLIDAY] as number),\n',
    to: '    holiday: Math.fround(weights[HOLIDAY] as number),\n    both: Math.fround(weights[BOTH] as number),\n',
  },
];

/**
 * The third: the view says that how a flight went was known when it was meant to depart. On rows of the past this looks
 * like a better feature; nobody has it when it is asked for.
 */
export const LEAKING_FEATURE: readonly Edit[] = [
  {
    file: 'features/origin-delay.sql',
    from: 'Share late of the last 30 flights that landed from this origin. A value is known once the last of its rows is.',
    to: 'Share late of the last 30 flights that departed from this origin.',
  },
  {
    file: 'features/origin-delay.sql',
    from: '  landed_at,\n  max(arrived_at) over last_30 as arrived_at,\n',
    to: '  date as landed_at,\n  date as arrived_at,\n',
  },
  {
    file: 'features/origin-delay.sql',
    from: 'order by landed_at, flight_id',
    to: 'order by date, flight_id',
  },
];
