/** The gauge of retention: how far it is behind with what should be gone already. */
import type { GaugeSource } from './gauge.ts';
import type { RetentionStore } from './retention.ts';

/** Reads it from what is set and what is there. */
export function retentionGauges(retention: RetentionStore): GaugeSource {
  return async () => {
    const seconds = await retention.backlog(Date.now());
    const readings = Object.entries(seconds).map(([kind, value]) => ({ labels: { kind }, value }));
    const says = 'How long the oldest event of a kind has been overdue to be taken out.';
    return [{ name: 'retention_backlog_seconds', says, readings }];
  };
}
