import 'reflect-metadata';
import { createServer as createNodeServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { Config } from '../../src/platform/config/config.js';
import { serveWithPage } from './page-server.js';
import type { ServerKind } from './server-process.js';

/** What the parent asks of this process. */
export type ServerOrder =
  { order: 'serve'; kind: ServerKind; page: string } | { order: 'cpu' } | { order: 'stop' };

/** What it answers to `serve` and to `cpu`. */
export interface ServerAnswer {
  url?: string;
  cpuSeconds?: number;
}

const STOP_WITHIN_MS = 10_000;

interface Running {
  url: string;
  stop(): Promise<void>;
}

const KINDS: Record<ServerKind, (page: string) => Promise<Running>> = {
  sluice: async (page) => {
    const app = await serveWithPage(Config.from(process.env), page);
    return { url: await app.getUrl(), stop: () => app.close() };
  },

  fastify: async (page) => {
    const app = fastify();
    app.get('/page', (_, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send(page),
    );
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), stop: () => app.close() };
  },

  node: async (page) => {
    const server = createNodeServer((_, response) => {
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(page),
      });
      response.end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      stop: () => new Promise((resolve) => server.close(() => resolve())),
    };
  },
};

let running: Running | undefined;

process.on('message', (message) => void obey(message as ServerOrder));
// The parent is gone: nobody needs this process any more.
process.on('disconnect', () => void stop());
// The parent ends its processes itself, when it is told to.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

async function obey(message: ServerOrder): Promise<void> {
  if (message.order === 'serve') {
    running = await KINDS[message.kind](message.page);
    reply({ url: running.url });
  } else if (message.order === 'cpu') {
    const { user, system } = process.cpuUsage();
    reply({ cpuSeconds: (user + system) / 1e6 });
  } else {
    await stop();
  }
}

function reply(answer: ServerAnswer): void {
  process.send?.(answer);
}

async function stop(): Promise<void> {
  // Its stores may be gone before it is, when the parent was killed: then nothing it waits for will come.
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  await running?.stop();
  process.exit(0);
}
