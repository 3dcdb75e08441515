/** A relay on loopback in front of a gatelog, which tells what a program really sent: how often, and in what form. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that went through. */
export type Relayed = {
  readonly url: string;
  readonly type: string | null;
  readonly encoding: string | null;
  readonly status: number;
};

/** A running relay. */
export type Relay = {
  readonly address: string;
  readonly seen: Relayed[];
  readonly end: () => void;
};

/** Starts a relay on a free port that hands everything on, byte by byte. */
export async function startRelay(target: string): Promise<Relay> {
  const seen: Relayed[] = [];
  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await relayed(request, target);
    seen.push({
      url: request.url ?? '',
      type: request.headers['content-type'] ?? null,
      encoding: request.headers['content-encoding'] ?? null,
      status: answer.status,
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  const server = createServer((request, response) => void relay(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    seen,
    end() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function relayed(request: IncomingMessage, target: string): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const own = ['authorization', 'content-type', 'content-encoding'].map((name) => [
    name,
    request.headers[name],
  ]);
  return fetch(`${target}${request.url ?? ''}`, {
    method: request.method ?? 'POST',
    headers: Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Record<string, string>,
    body: Buffer.concat(chunks),
  });
}
