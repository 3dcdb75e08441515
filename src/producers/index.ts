/** The list of producers: a new wire format is a file beside these and a line here. */
import { elasticsearch } from './elasticsearch.ts';
import { fluentBit } from './fluent-bit.ts';
import { pino, syslog, winston } from './generic-records.ts';
import { helicone } from './helicone.ts';
import { kong } from './kong.ts';
import { litellm } from './litellm.ts';
import { loki } from './loki.ts';
import { otlpLogs } from './otlp-logs.ts';
import { otlpTraces } from './otlp-traces.ts';
import { portkey } from './portkey.ts';
import type { Producer } from './producer.ts';
import { vector } from './vector.ts';

/** Every wire format that has a door of its own. */
export const producers: readonly Producer[] = [
  otlpTraces,
  otlpLogs,
  litellm,
  portkey,
  kong,
  helicone,
  fluentBit,
  vector,
  loki,
  elasticsearch,
  winston,
  pino,
  syslog,
];
