import type { Route } from '../../rondo-server.ts';
import { getMaturity } from './get-maturity.ts';

/** Routes of `maturity`. */
export const maturityRoutes: readonly Route[] = [getMaturity];
