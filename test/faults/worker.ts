/** The Worker of the fault schedules: gatelog as it is, over a D1 that fails as planned. */
import { createApp, type Bindings } from '../../src/app.ts';
import { Ingest as WholeIngest, type IngestEnv } from '../../src/ingest/ingest.ts';
import { faultyForObject, faultyForReaders } from './faulty-d1.ts';

// Whatever other objects there are, they are as they are.
export * from '../../src/index.ts';

/** The ingest object; every life of it, from its constructor on, has the faulty D1. */
export class Ingest extends WholeIngest {
  constructor(state: DurableObjectState, env: IngestEnv) {
    super(state, { ...env, DB: faultyForObject(env.DB) });
  }
}

/** Thousands of schedules are one address, and keys are minted with one credential. */
const RATE_LIMIT_PER_MINUTE = 'off,unauthenticated=off';

const app = createApp();

/** One for all requests, as the binding itself is: what the Worker remembers, it remembers by it. */
let readers: D1Database | null = null;

// oxlint-disable-next-line import/no-default-export -- the runtime takes a Worker's handlers from there
export default {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> {
    readers ??= faultyForReaders(env.DB);
    return app.fetch(request, { ...env, DB: readers, RATE_LIMIT_PER_MINUTE }, context);
  },
};
