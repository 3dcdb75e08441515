/** gatelog's own surface: it also answers for every path that no dialect owns. */
import { Hono } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import type { Surface } from '../edge/surface.ts';
import { doorRoutes } from './doors.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { keyRoutes } from './keys.ts';
import { renderProblem } from './problem-json.ts';
import { sessionRoutes } from './session.ts';

/** The surface. */
export const ownSurface: Surface = {
  name: 'gatelog',
  owns: () => true,
  routes: new Hono<GateEnv>()
    .route('/', eventRoutes)
    .route('/', doorRoutes)
    .route('/', keyRoutes)
    .route('/', sessionRoutes)
    .route('/', healthRoutes),
  render: renderProblem,
};
