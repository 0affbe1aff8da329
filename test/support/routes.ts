import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';

/** A method and a path pattern that the server answers. */
export interface Route {
  method: string;
  path: string;
}

const LINE = /^(?<indent>(?:[│ ] {3})*)[├└]── (?<part>\S+)(?: \((?<methods>[A-Z, ]+)\))?$/;

/** Every route there is, as Fastify itself lists them; a GET's own HEAD is left out. */
export function routesOf(app: NestFastifyApplication): Route[] {
  const routes: Route[] = [];
  const parents: string[] = [];
  for (const line of app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }).split('\n')) {
    if (line.trim() === '') continue;
    const found = LINE.exec(line)?.groups;
    if (!found) throw new Error(`This is no line of a route tree: ${line}`);
    const depth = found.indent!.length / 4;
    const path = (parents[depth - 1] ?? '') + found.part!;
    parents[depth] = path;
    const methods = found.methods?.split(', ') ?? [];
    for (const method of methods) {
      if (method !== 'HEAD' || !methods.includes('GET')) routes.push({ method, path });
    }
  }
  return routes;
}

/** The HEADs with a handler of their own, by the description of the API: those that come with a GET are not in it. */
export function headsOf(api: OpenAPIObject): Route[] {
  return Object.entries(api.paths)
    .filter(([, item]) => item.head)
    .map(([path]) => ({ method: 'HEAD', path: path.replace(/\{(\w+)\}/g, ':$1') }));
}
