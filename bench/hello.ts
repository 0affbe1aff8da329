import { Tokens } from '../src/auth/tokens.js';
import { type Benchmark, type BenchContext, type Report, single } from './harness/benchmark.js';
import { getRequest, type LoadResult, measureInTurn } from './harness/load.js';
import { inventedPage } from './harness/invented-page.js';
import { median, pairedRatio } from './harness/statistics.js';

const PAGE_BYTES = 6 * 1024;
const CONNECTIONS = 64;
const SECONDS: Record<string, number> = { medium: 2, small: 1, large: 6 };

/** What the framework costs, with everything that stands before a route: the limit for whatever reads more than memory. */
export const hello: Benchmark = {
  name: 'hello',
  summary: 'a 6 KB page from memory through all guards and hooks, against bare node:http',
  sizes: { medium: '5 rounds of 2 s', small: '5 rounds of 1 s', large: '5 rounds of 6 s' },
  run,
};

async function run({ stack, size, say }: BenchContext): Promise<Report> {
  const page = inventedPage(PAGE_BYTES);
  const environment = { ROLES: 'http' };
  const sluice = await stack.serve({ kind: 'sluice', page, environment });
  const fastify = await stack.serve({ kind: 'fastify', page });
  const node = await stack.serve({ kind: 'node', page });
  const token = (await stack.services()).get(Tokens).access({ id: '1', sessionId: '1' });
  const target = (url: string, path: string) => ({
    url,
    requests: [getRequest(path, token)],
    connections: CONNECTIONS,
  });
  const results = await measureInTurn(
    {
      sluice: target(sluice.url, '/bench/page'),
      object: target(sluice.url, '/bench/object'),
      fastify: target(fastify.url, '/page'),
      node: target(node.url, '/page'),
    },
    { rounds: 5, seconds: SECONDS[size]!, warmUpSeconds: 2 },
    say,
  );
  const perSecond = (all: LoadResult[]) => all.map((result) => result.perSecond);
  const [ours, bare] = [perSecond(results.sluice), perSecond(results.node)];
  const busy = Math.max(...Object.values(results).map((all) => median(all.map((one) => one.generatorLoad))));
  return {
    headline: { name: 'pagesPerSecond', label: 'Sluice, ready bytes', unit: '1/s', values: ours },
    limit: { name: 'nodeHttpPerSecond', label: 'node:http, ready bytes', unit: '1/s', values: bare },
    ratio: pairedRatio(ours, bare),
    others: [
      {
        name: 'objectPagesPerSecond',
        label: 'Sluice, from an object',
        unit: '1/s',
        values: perSecond(results.object),
      },
      {
        name: 'fastifyPerSecond',
        label: 'Fastify, ready bytes',
        unit: '1/s',
        values: perSecond(results.fastify),
      },
      {
        name: 'p50Ms',
        label: 'Sluice, half within',
        unit: 'ms',
        values: results.sluice.map((one) => one.p50Ms),
      },
      {
        name: 'p99Ms',
        label: 'Sluice, 99 % within',
        unit: 'ms',
        values: results.sluice.map((one) => one.p99Ms),
      },
      single('generatorLoad', 'load generator, busiest target', 'cores', busy),
    ],
    data: `${PAGE_BYTES} bytes from memory, ${CONNECTIONS} connections`,
  };
}
