import pg from 'pg';

const INT8 = 20;
const NUMERIC = 1700;

/** Numbers come back as numbers, like from SQLite: counts and sums are int8 or numeric in PostgreSQL. */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (oid === INT8) return toInteger;
    if (oid === NUMERIC) return Number;
    return pg.types.getTypeParser(oid, format) as unknown;
  }) as pg.CustomTypesConfig['getTypeParser'],
};

function toInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`The database holds ${text}, which no number of JavaScript can.`);
  }
  return value;
}
