/** Retention in D1: what was set, and how far its runs are behind. */
import type { RetentionDefaults, RetentionStore } from '../query/retention.ts';
import type { Database } from './database.ts';
import { readPolicies, setPolicy } from './retention-policies.ts';
import { readBacklog } from './retention-run.ts';

/**
 * Opens it over a database.
 * @param defaults gives the deployment's defaults, or throws when they are no numbers of days
 */
export function openRetentionStore(database: Database, defaults: () => RetentionDefaults): RetentionStore {
  return {
    policies: () => readPolicies(database),
    set: (policy, now, actor) => setPolicy(database, policy, now, actor),
    backlog: async (now) => readBacklog(database, defaults(), now),
  };
}
