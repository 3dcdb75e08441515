/** OpenTelemetry's own exporters, configured by nothing but the README's variables, and what they sent read back. */
import { diag, DiagLogLevel, SpanStatusCode, trace, ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as LogsInJson } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as LogsInProtobuf } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter as TracesInJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TracesInProtobuf } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { configurationOf, variablesOf } from './configuration.ts';
import { startPosting, type Posting } from './posting.ts';
import { startRelay, type Relay } from './relay.ts';

const LINES = '/v1/workspaces/550e8400-e29b-41d4-a716-446655440000/servers/echo/logs';

const ENCODINGS = [
  { type: 'application/json', Traces: TracesInJson, Logs: LogsInJson },
  { type: 'application/x-protobuf', Traces: TracesInProtobuf, Logs: LogsInProtobuf },
];
const CASES = ENCODINGS.flatMap((encoding) =>
  [undefined, 'gzip'].map((compression, place) => ({
    ...encoding,
    compression,
    name: `${encoding.type.replace(/\W/g, '_')}_${place}`,
  })),
);

let gatelog: Posting;
let relay: Relay;

beforeAll(async () => {
  gatelog = await startPosting();
  relay = await startRelay(gatelog.address);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  relay.end();
  await gatelog.end();
});
beforeEach(() => {
  relay.seen.length = 0;
});

/** Sets what the README's block sets, but for the compression when there is to be none. */
function configure(compression: string | undefined): void {
  const variables = variablesOf(configurationOf('OpenTelemetry', relay));
  expect(variables).toMatchObject({ OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', compression);
}

/** Runs some tracing with a provider as an application has it, and waits until everything was sent. */
async function traced(exporter: InstanceType<typeof TracesInJson>, run: (tracer: Tracer) => void) {
  const provider = new BasicTracerProvider({
    resource: detectResources({ detectors: [envDetector] }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  run(provider.getTracer('test', '1.0.0'));
  await provider.forceFlush();
  await provider.shutdown();
}

describe.each(CASES)('$type, compression $compression', ({ type, compression, Traces, Logs, name }) => {
  test('spans of tools and models', async () => {
    configure(compression);
    let traceId = '';
    await traced(new Traces(), (tracer) => {
      const agent = tracer.startSpan('invoke_agent', {
        attributes: { 'gen_ai.operation.name': 'invoke_agent' },
      });
      ({ traceId } = agent.spanContext());
      const within = trace.setSpan(ROOT_CONTEXT, agent);
      const start = Date.now();
      const span = (suffix: string, attributes: Record<string, string | number>) =>
        tracer.startSpan(`${name} ${suffix}`, { startTime: start, attributes }, within);
      span('tool', {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': `read_${name}`,
        'gen_ai.tool.call.id': 'call_1',
        'gen_ai.tool.call.arguments': '{"path":"/etc/motd"}',
        'gen_ai.tool.call.result': '{"content":[{"type":"text","text":"héllo"}]}',
      }).end(start + 25);
      const failed = span('tool', {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': `write_${name}`,
        'gen_ai.tool.call.arguments': '{"path":"/etc/motd"}',
        'error.type': 'tool_error',
      });
      failed.setStatus({ code: SpanStatusCode.ERROR, message: 'read-only file system' });
      failed.end(start + 3);
      span('chat', {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': `model-${name}`,
        'gen_ai.usage.input_tokens': 512,
        'gen_ai.usage.output_tokens': 64,
      }).end(start + 843);
      agent.end();
    });

    expect(relay.seen).toMatchObject([
      { url: '/v1/traces', type, encoding: compression ?? null, status: 200 },
    ]);
    await expect
      .poll(() => gatelog.answerOf(`/api/mcp-logs?tool_names=read_${name},write_${name}&sort_by=latency`))
      .toMatchObject({
        logs: [
          {
            tool_name: `read_${name}`,
            server_label: 'echo',
            status: 'success',
            arguments: { path: '/etc/motd' },
            result: { content: [{ type: 'text', text: 'héllo' }] },
            latency: 25,
            request_id: 'call_1',
          },
          {
            tool_name: `write_${name}`,
            status: 'error',
            error_details: { error: { type: 'tool_error', message: 'read-only file system' } },
            latency: 3,
          },
        ],
        pagination: { total_count: 2 },
      });
    const requests = await gatelog.answerOf<{ data: { id: string }[] }>(`/v1/requests?model=model-${name}`);
    expect(requests).toMatchObject({
      total: 1,
      data: [{ provider: 'openai', status: 200, latency_ms: 843, input_tokens: 512, output_tokens: 64 }],
    });
    expect(await gatelog.answerOf(`/v1/requests/${requests.data[0]?.id}`)).toMatchObject({
      trace_id: traceId,
    });
  });

  test('log records', async () => {
    configure(compression);
    const provider = new LoggerProvider({
      resource: detectResources({ detectors: [envDetector] }),
      processors: [new BatchLogRecordProcessor({ exporter: new Logs() })],
    });
    const logger = provider.getLogger('test');
    const timestamp = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    logger.emit({
      timestamp,
      severityNumber: SeverityNumber.WARN,
      severityText: 'WARN',
      body: `${name} is slow`,
      attributes: { 'k8s.pod.name': 'echo-1' },
    });
    logger.emit({ severityNumber: SeverityNumber.FATAL, body: { event: name, attempts: 3 } });
    logger.emit({ severityNumber: SeverityNumber.DEBUG, body: `${name} in detail` });
    await provider.forceFlush();
    await provider.shutdown();

    expect(relay.seen).toMatchObject([{ url: '/v1/logs', type, encoding: compression ?? null, status: 200 }]);
    await expect
      .poll(() => gatelog.answerOf(`${LINES}?level=warning&q=${name}`))
      .toMatchObject({
        server_id: 'echo',
        logs: [
          { level: 'critical', message: JSON.stringify({ event: name, attempts: 3 }) },
          {
            level: 'warning',
            message: `${name} is slow`,
            pod_name: 'echo-1',
            timestamp: '2026-01-02T03:04:05.678Z',
          },
        ],
        count: 2,
      });
    expect(await gatelog.answerOf(`${LINES}?q=${name}`)).toMatchObject({ count: 3 });
  });

  test('a span that is refused is told once and not sent again', async () => {
    configure(compression);
    const warn = vi.fn<(...words: unknown[]) => void>();
    diag.setLogger(
      { warn, error: warn, info: () => {}, debug: () => {}, verbose: () => {} },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    await traced(new Traces(), (tracer) => {
      for (const tool of ['x'.repeat(257), `kept_${name}`])
        tracer
          .startSpan('tool', {
            attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool },
          })
          .end();
    });
    diag.disable();
    expect(relay.seen).toMatchObject([{ url: '/v1/traces', status: 200 }]);
    expect(warn).toHaveBeenCalledOnce();
    const told = warn.mock.calls[0]?.join(' ') ?? '';
    expect(told).toMatch(/Partial Success.*"rejectedSpans":"?1"?/);
    expect(told).toContain('tool_name');
    await expect
      .poll(() => gatelog.answerOf(`/api/mcp-logs?tool_names=kept_${name}`))
      .toMatchObject({ pagination: { total_count: 1 } });
  });
});
