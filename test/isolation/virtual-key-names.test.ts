/** The names of virtual keys: whoever writes another's id into an event of its own does not learn what it is called. */
import { expect, test } from 'vitest';
import { world, type Body } from '../world.ts';

const SECRET_NAME = 'a name for its own side alone';

test.for<[string, (here: { project: string; workspace: string }) => object, boolean]>([
  ['of another project', () => ({ project_id: 'another' }), false],
  ['of another workspace', () => ({ workspace_ids: [crypto.randomUUID()] }), false],
  ['of its own workspace', ({ workspace }) => ({ workspace_ids: [workspace] }), true],
  ['of its own project', ({ project }) => ({ project_id: project }), true],
])('a virtual key %s', async ([, boundsOf, isNamed]) => {
  const here = await world();
  const virtual_key_id = `vk-${crypto.randomUUID()}`;
  const secret = `sk-bf-${crypto.randomUUID()}`;
  const named = { virtual_key_id, virtual_key_name: SECRET_NAME, secret, scopes: ['read'] };
  await here.mint({ ...named, ...boundsOf(here) });
  const bounds = { project_id: here.project, workspace_ids: [here.workspace] };
  const { key } = await here.mint({ scopes: ['read', 'ingest'], ...bounds });
  const body = { id: 'a', tool_name: 'tool', virtual_key_id, virtual_key_name: 'guessed' };
  expect(await here.json('/v1/events?wait=true', { key, body })).toMatchObject({ accepted: 1 });
  const paths = ['/api/mcp-logs', '/api/mcp-logs/a', '/api/mcp-logs/filterdata'];
  const answers: Body[] = await Promise.all(paths.map((path) => here.json(path, { key })));
  for (const answer of answers) expect(JSON.stringify(answer).includes(SECRET_NAME)).toBe(isNamed);
});
