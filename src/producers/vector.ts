/** Vector's `http` sink: events of `kubernetes_logs` and of any other source, as a JSON array or one a line. */
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Producer } from './producer.ts';
import { shippedRecords } from './shipped-records.ts';

/** Vector; it looks at nothing but the status, and sends a batch again where that is 5xx, 408 or 429. */
export const vector: Producer = {
  name: 'vector',
  paths: ['/v1/ingest/vector'],
  recognise: () => false,
  ...shippedRecords(
    {
      texts: ['message', 'log', 'msg'],
      times: ['timestamp', '@timestamp', 'time', 'date'],
      servers: ['appname', 'SYSLOG_IDENTIFIER'],
      isRaw: true,
    },
    'set encoding.codec = "json" in the http sink of Vector',
  ),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};
