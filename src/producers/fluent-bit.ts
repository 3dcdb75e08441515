/** Fluent Bit's `http` output in its three JSON formats: lines of pods, with what the Kubernetes filter knows of them. */
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Producer } from './producer.ts';
import { shippedRecords } from './shipped-records.ts';

/** Fluent Bit; it looks at nothing but the status, and sends a batch again where that is 5xx, 408 or 429. */
export const fluentBit: Producer = {
  name: 'fluent-bit',
  paths: ['/v1/ingest/fluentbit'],
  recognise: () => false,
  ...shippedRecords(
    {
      texts: ['log', 'message', 'msg', 'MESSAGE'],
      // `date` is the output's own key: float seconds, `epoch_ms` or `iso8601`; `time` is what the CRI parser read.
      times: ['date', '@timestamp', 'timestamp', 'time'],
      servers: ['ident', 'SYSLOG_IDENTIFIER'],
      isRaw: true,
    },
    'set "format json" in the http output of Fluent Bit, since older versions send MessagePack',
  ),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};
