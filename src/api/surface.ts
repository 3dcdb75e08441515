/** gatelog's own surface: it also answers for every path that no dialect owns. */
import { Hono } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import type { Limits } from '../edge/limits.ts';
import type { Surface } from '../edge/surface.ts';
import { auditRoutes } from './audit.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { clusterRoutes } from './doors.ts';
import { eventRoutes } from './events.ts';
import { livenessRoutes, readinessRoutes } from './health.ts';
import { keyRoutes } from './keys.ts';
import { metricsRoutes } from './metrics.ts';
import { renderProblem } from './problem-json.ts';
import { retentionRoutes } from './retention.ts';
import { sessionRoutes } from './session.ts';

/** How much a credential may ask of this surface: as much as of the widest dialect. */
const LIMITS: Limits = { perMinute: 2000, concurrent: null };

/** The surface. */
export const ownSurface: Surface = {
  name: 'gatelog',
  owns: () => true,
  routes: new Hono<GateEnv>()
    .route('/', eventRoutes)
    .route('/', clusterRoutes)
    .route('/', keyRoutes)
    .route('/', auditRoutes)
    .route('/', retentionRoutes)
    .route('/', sessionRoutes)
    .route('/', deadLetterRoutes)
    .route('/', metricsRoutes)
    .route('/', readinessRoutes),
  bareRoutes: livenessRoutes,
  limits: LIMITS,
  render: renderProblem,
};
