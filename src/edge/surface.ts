/** A surface: a set of paths that speak one tongue, in answers as in errors. */
import type { Context, Hono } from 'hono';
import type { GateEnv } from './env.ts';
import type { Limits } from './limits.ts';
import type { Problem } from './problem.ts';
import type { Standing } from './rate-limit-headers.ts';

/** One dialect, or gatelog's own API. */
export type Surface = {
  readonly name: string;
  /** Whether a path belongs here, known route or not; errors under it are rendered here. */
  readonly owns: (path: string) => boolean;
  readonly routes: Hono<GateEnv>;
  /** Routes that answer whatever the settings say and the request carries: they find no port in their context. */
  readonly bareRoutes?: Hono<GateEnv>;
  /** How much a credential may read here, where no setting says otherwise; surfaces that are only posted to have none. */
  readonly limits?: Limits;
  /** The headers that tell this surface's clients where they stand; the gate adds those of the IETF. */
  readonly limitHeaders?: (standing: Standing) => Record<string, string>;
  /** A problem in this surface's envelope. Headers of the problem are added by the gate. */
  readonly render: (problem: Problem, context: Context<GateEnv>) => Response;
};

/** Whether a path is a prefix's own or lies below it. */
export function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
