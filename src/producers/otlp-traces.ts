/** OpenTelemetry traces over OTLP/HTTP: tool spans become tool calls, model spans requests, others are not kept. */
import { EXPORT_TRACES } from './otlp-protobuf.ts';
import { producerOfSignal } from './otlp-signal.ts';
import { postedOfSpan } from './otlp-span.ts';

/**
 * `POST /v1/traces`. Spans that are neither a tool call nor a request to a model are taken without a complaint and not
 * kept: whoever traces an application sends all of its spans, and a client that was told so could do nothing about it.
 */
export const otlpTraces = producerOfSignal({
  name: 'otlp-traces',
  path: '/v1/traces',
  resources: 'resourceSpans',
  scopes: 'scopeSpans',
  records: 'spans',
  rejected: 'rejectedSpans',
  request: EXPORT_TRACES,
  translation: () => postedOfSpan,
});
