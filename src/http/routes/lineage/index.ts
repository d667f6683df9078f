import type { Route } from '../../rondo-server.ts';
import { getLineage } from './get-lineage.ts';

/** Routes of `lineage`. */
export const lineageRoutes: readonly Route[] = [getLineage];
