/** mcp-logs, seen as its clients see it (contracts/mcp-logs.md). */
import { expect, test } from 'vitest';
import { world } from '../world.ts';

test('a posted call is read back in Bifrost’s shape', async () => {
  const { post, json } = await world();
  await post([
    {
      id: 'call-1',
      timestamp: '2026-04-17T10:25:00+02:00',
      tool_name: 'search_web',
      server_label: 'web',
      arguments: { query: 'weather' },
      result: 'sunny',
      latency_ms: 0,
      llm_request_id: 'req-1',
    },
  ]);
  const body = await json('/api/mcp-logs');
  expect(body['logs']).toEqual([
    {
      id: 'call-1',
      llm_request_id: 'req-1',
      timestamp: '2026-04-17T08:25:00Z',
      tool_name: 'search_web',
      server_label: 'web',
      virtual_key_id: null,
      virtual_key_name: null,
      arguments: { query: 'weather' },
      result: 'sunny',
      latency: 0,
      status: 'success',
      created_at: expect.stringMatching(/Z$/),
    },
  ]);
  expect(body['pagination']).toEqual({
    limit: 50,
    offset: 0,
    sort_by: 'timestamp',
    order: 'desc',
    total_count: 1,
    next_cursor: null,
  });
  expect(body['stats']).toEqual({
    total_executions: 1,
    success_rate: 100,
    average_latency: 0,
    total_cost: 0,
  });
});
