import type { Context } from '../../context.ts';
import { engineOf } from '../engine.ts';

/**
 * Is this the token of an attempt that is at work in this process? Steps log in with it where the server asks for a
 * token; it ends with the attempt, so that one left in a log opens nothing.
 */
export function isStepToken(ctx: Pick<Context, 'db'>, token: string): boolean {
  return engineOf(ctx.db)?.isAtWork(token) ?? false;
}
