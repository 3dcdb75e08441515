/** Analytics of the requests dialect: sums by provider, model, project and day. The dialect mounts it. */
import { Hono } from 'hono';
import type { GateEnv } from '../../../edge/env.ts';
import type { EventReader } from '../../../query/event-reader.ts';
import type { Question } from '../../../query/query.ts';
import { checked } from '../request.ts';
import { AnalyticsParameters, NAMES_MAX } from './contract.ts';
import { DAY_MILLISECONDS, toQuestion } from './request.ts';
import { fromSums, type Sums } from './response.ts';

/** One value more than is shown: requests without a project share one that has no name. */
const VALUES_READ = NAMES_MAX + 1;

/** `GET` of analytics; the dialect's credentials and headers are the mounting router's. */
export const analytics = new Hono<GateEnv>().get('/', checked(AnalyticsParameters), async (context) => {
  const { reader, credential } = context.var;
  const { question, days } = toQuestion(context.req.valid('query'), credential, Date.now());
  return context.json(fromSums(await readSums(reader, question), days));
});

async function readSums(reader: EventReader, question: Question<'request'>): Promise<Sums> {
  const [days, providers, models, projects] = await Promise.all([
    reader.totalsByTime(question, DAY_MILLISECONDS),
    reader.totalsByValue(question, 'provider', VALUES_READ),
    reader.totalsByValue(question, 'model', VALUES_READ),
    reader.totalsByValue(question, 'project_id', VALUES_READ),
  ]);
  return { days, providers, models, projects };
}
