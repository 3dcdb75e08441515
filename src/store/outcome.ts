/** What makes an event of a kind a success, an error and finished, in SQL over a row of alias `t`. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';

/** The terms of each kind; `latency` and `cost` are NULL for what is not finished (query/event-reader.ts, `Totals`). */
export const OUTCOME: Record<Kind, { success: SQL; error: SQL; latency: SQL; cost: SQL }> = {
  tool_call: {
    success: sql`t.status = 'success'`,
    error: sql`t.status = 'error'`,
    latency: sql`CASE WHEN t.status <> 'processing' THEN t.latency_ms END`,
    cost: sql`CASE WHEN t.status <> 'processing' THEN t.cost END`,
  },
  request: {
    success: sql`t.status BETWEEN 200 AND 299`,
    error: sql`t.status NOT BETWEEN 200 AND 299`,
    latency: sql`t.latency_ms`,
    cost: sql`t.cost`,
  },
  server_log: { success: sql`0`, error: sql`0`, latency: sql`NULL`, cost: sql`NULL` },
};
