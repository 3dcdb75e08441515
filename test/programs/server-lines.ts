/** The lines of a server, as the server logs API gives them back. */

/** The workspace that the README's examples name. */
const WORKSPACE = '550e8400-e29b-41d4-a716-446655440000';

/** One line, as far as these tests look at it. */
export type Line = { readonly timestamp: string; readonly level: string; readonly message: string };

/** The lines of a server in that workspace, newest first; none for a server that was never seen. */
export async function linesOf(address: string, server: string): Promise<readonly Line[]> {
  const response = await fetch(`${address}/v1/workspaces/${WORKSPACE}/servers/${server}/logs?limit=1000`, {
    headers: { authorization: 'Bearer gatelog-dev-admin-key' },
  });
  const body = JSON.parse(await response.text()) as { logs?: readonly Line[] };
  return (body.logs ?? []).map(({ timestamp, level, message }) => ({ timestamp, level, message }));
}

/** Whether the lines are no older than one moment and no younger than another, in epoch milliseconds. */
export function areBetween(lines: readonly Line[], earliest: number, latest: number): boolean {
  const times = lines.map(({ timestamp }) => Date.parse(timestamp));
  return times.length > 0 && times.every((time) => time >= earliest && time <= latest);
}
