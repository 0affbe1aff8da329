import type { OpenAPIObject } from '@nestjs/swagger';
import { beforeAll, describe, expect, it } from 'vitest';
import type * as openapi from '../../src/app/openapi.js';
import type * as server from '../../src/app/server.js';
import type * as config from '../../src/platform/config/config.js';
import { headsOf, type Route, routesOf } from '../support/routes.js';
import { createStores } from '../support/stores.js';

/** Pages for people, which the description of the API leaves out. */
const PAGES = /^\/(start\.css|docs(\/.*)?)?$/;
const PROBLEM = 'application/problem+json';

/* Whatever stands in the document; each expectation says what it expects there. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

/** The compiled product, because the types and comments of the DTOs reach the description only when tsc builds. */
const compiled = <Module>(file: string) =>
  import(new URL(`../../dist/src/${file}`, import.meta.url).href) as Promise<Module>;

describe('the OpenAPI document', () => {
  let api: OpenAPIObject;
  let routes: Route[];
  let operations: [name: string, operation: Any][];

  beforeAll(async () => {
    const { createServer } = await compiled<typeof server>('app/server.js');
    const { Config } = await compiled<typeof config>('platform/config/config.js');
    const { describeApi } = await compiled<typeof openapi>('app/openapi.js');
    const app = await createServer(Config.from(await createStores()));
    await app.init();
    api = JSON.parse(JSON.stringify(describeApi(app)));
    routes = routesOf(app);
    await app.close();
    operations = Object.entries(api.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Any] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );
  });

  /** Names of the operations of which this does not hold. */
  const unless = (holds: (operation: Any, name: string) => boolean) =>
    operations.filter(([name, operation]) => !holds(operation, name)).map(([name]) => name);
  const resolve = (value: Any): Any =>
    value?.$ref
      ? String(value.$ref)
          .slice(2)
          .split('/')
          .reduce((at: Any, part) => at?.[part], api)
      : value;
  const hasBody = (operation: Any) => operation.requestBody !== undefined;
  /** An answer that is no problem: 304 says that there is nothing new. */
  const isSuccess = ([status]: [string, Any]) => status.startsWith('2') || status === '304';

  it('describes every route there is, and no other', () => {
    const there = [...routes, ...headsOf(api)].filter(({ path }) => !PAGES.test(path));
    const names = there.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(([name]) => name).sort()).toEqual(names.sort());
  });

  it('refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
    expect(refs.length).toBeGreaterThan(50);
    expect(refs.filter(($ref) => resolve({ $ref }) === undefined)).toEqual([]);
  });

  it('describes a path parameter for each in the path', () => {
    const named = (name: string) => [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    const described = (operation: Any) =>
      (operation.parameters ?? [])
        .filter((parameter: Any) => parameter.in === 'path')
        .map((parameter: Any) => parameter.name);
    expect(
      unless((operation, name) => described(operation).sort().join() === named(name).sort().join()),
    ).toEqual([]);
  });

  it('gives each operation an id of its own, a summary and a tag', () => {
    const ids = operations.map(([, operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(operations.length);
    expect(unless(({ summary }) => /^[A-Z`].{10,}\.$/s.test(summary))).toEqual([]);
    expect(unless(({ tags }) => tags?.length === 1)).toEqual([]);
  });

  it('says what a success looks like', () => {
    const isShaped = (schema: Any) =>
      schema.properties !== undefined || !['object', undefined].includes(schema.type);
    const isDescribed = (name: string, [status, response]: [string, Any]) => {
      const contents = Object.values<Any>(response.content ?? {});
      if (name.startsWith('HEAD ') || ['204', '304'].includes(status)) return contents.length === 0;
      return contents.length > 0 && contents.every(({ schema }) => isShaped(resolve(schema)));
    };
    expect(
      unless(({ responses }, name) => {
        const successes = Object.entries<Any>(responses).filter(isSuccess);
        return successes.length > 0 && successes.every((success) => isDescribed(name, success));
      }),
    ).toEqual([]);
  });

  it('shows an example of each body that it takes', () => {
    const isExemplified = (schema: Any) =>
      schema.example !== undefined ||
      Object.values<Any>(schema.properties).every((property) => property.example !== undefined);
    expect(
      unless(
        (operation) =>
          !hasBody(operation) ||
          isExemplified(resolve(operation.requestBody.content['application/json'].schema)),
      ),
    ).toEqual([]);
    expect(operations.filter(([, operation]) => hasBody(operation)).length).toBeGreaterThan(5);
  });

  it('says who may call an operation, and tells the others of 401 and 403', () => {
    const isStated = ({ 'x-access': access, security, responses }: Any) =>
      access === 'public'
        ? JSON.stringify(security) === '[{}]'
        : JSON.stringify(security) === '[{"bearer":[]}]' &&
          '401' in responses &&
          (access !== 'admin' || '403' in responses);
    expect(unless(({ 'x-access': access }) => ['public', 'user', 'admin'].includes(access))).toEqual([]);
    expect(unless(isStated)).toEqual([]);
    expect(
      unless((operation, name) => !name.includes('/admin/') || operation['x-access'] === 'admin'),
    ).toEqual([]);
    expect(api.components?.securitySchemes).toHaveProperty('bearer');
  });

  it('tells of every problem in the one form, and of those that any operation may meet', () => {
    const problems = ({ responses }: Any) =>
      Object.entries<Any>(responses).filter((response) => !isSuccess(response));
    const isProblem = ([, response]: [string, Any]) =>
      resolve(resolve(response).content?.[PROBLEM]?.schema) === api.components!.schemas!.ProblemDto;
    expect(
      unless((operation, name) => name === 'GET /health/ready' || problems(operation).every(isProblem)),
    ).toEqual([]);
    expect(unless(({ responses }) => '503' in responses)).toEqual([]);
    const unlimited = unless(({ responses }) => '429' in responses);
    expect(unlimited.sort()).toEqual(['GET /health/live', 'GET /health/ready', 'GET /metrics']);
    expect(
      unless(
        (operation) =>
          !hasBody(operation) || ['400', '413', '415'].every((status) => status in operation.responses),
      ),
    ).toEqual([]);
    const { headers } = resolve({ $ref: '#/components/responses/too-many-requests' });
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(['Retry-After', 'RateLimit-Remaining']));
  });
});
