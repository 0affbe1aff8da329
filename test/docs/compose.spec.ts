import { existsSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { Config } from '../../src/platform/config/config.js';
import { Environment } from '../../src/platform/config/environment.js';
import { settingNames } from '../support/settings.js';

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');
const text = read('docker-compose.yml');
const secrets = {
  POSTGRES_PASSWORD: 'p0',
  REDIS_PASSWORD: 'r0',
  JWT_SECRET: 'j'.repeat(64),
  METRICS_TOKEN: 'm'.repeat(48),
};
const { services } = compose(secrets);
const processes = ['http', 'worker', 'migrate'];
const settingsOf = (name: string): Record<string, string> => services[name]!.environment ?? {};

describe('docker-compose.yml', () => {
  it.each(processes)('gives %s settings that are known and accepted', (name) => {
    expect(settingNames()).toEqual(expect.arrayContaining(Object.keys(settingsOf(name))));
    const config = Config.from(settingsOf(name));
    expect(config.database.shardUrls.map((url) => new URL(url).hostname)).toEqual(['shard-0', 'shard-1']);
    expect(new URL(config.database.primaryUrl).hostname).toBe('primary');
    expect(new URL(config.redis.graphUrl).hostname).toBe('redis');
  });

  it('runs http and worker apart, from one image', () => {
    expect(Config.from(settingsOf('http')).roles).toEqual(['http']);
    expect(Config.from(settingsOf('worker')).roles).toEqual(['worker']);
    expect(new Set(processes.map((name) => services[name]!.image)).size).toBe(1);
  });

  it.each(processes)('starts %s by an entry point that there is', (name) => {
    const [node, ...rest] = services[name]!.command!;
    const script = rest.find((word) => !word.startsWith('--'));
    expect(node).toBe('node');
    expect(existsSync(new URL(script!.replace(/^dist\//, '').replace(/\.js$/, '.ts'), root))).toBe(true);
  });

  it('migrates before anything serves, and waits for the stores', () => {
    expect(services.migrate!.command!.at(-1)).toBe('migrate');
    expect(services.migrate!.depends_on).toEqual({
      primary: { condition: 'service_healthy' },
      'shard-0': { condition: 'service_healthy' },
      'shard-1': { condition: 'service_healthy' },
    });
    for (const name of ['http', 'worker']) {
      expect(services[name]!.depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
        redis: { condition: 'service_healthy' },
      });
    }
    for (const name of ['primary', 'shard-0', 'shard-1', 'redis'])
      expect(services[name]!.healthcheck?.test?.length).toBeGreaterThan(1);
  });

  it('pins the images that are not built here', () => {
    const foreign = Object.values(services).flatMap(({ image }) =>
      image.startsWith('sluice:') ? [] : [image],
    );
    expect(foreign).toHaveLength(4);
    for (const image of foreign) expect(image).toMatch(/^(postgres:18|redis:7)\.[\d.]+-bookworm$/);
  });

  it('keeps what is in Redis: append-only, never evicted', () => {
    const command = services.redis!.command!.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
  });

  it.each(Object.keys(secrets))('does not start without %s', (name) => {
    expect(() => compose({ ...secrets, [name]: '' })).toThrow(name);
  });
});

describe('.env.example', () => {
  it('names what docker-compose.yml asks for, with the same defaults, and no secret', () => {
    const given = Object.fromEntries(
      [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const asked = [...text.matchAll(/\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g)];
    for (const [, name, operator, word] of asked) {
      if (operator === '-' && name !== 'SLUICE_VERSION') expect(given).toHaveProperty(name!, word);
      if (operator === '?') expect(given).toHaveProperty(name!, '');
    }
    const names = asked.map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(given)));
  });
});

describe('Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('runs the product as a user without rights, and asks whether it lives', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^CMD \["node", "--max-semi-space-size=64", "dist\/src\/main\.js"\]$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK [^]*\/health\/live/m);
    expect(new Environment().PORT).toBe(3000);
  });

  it('copies only what the build context holds', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect(sources.length).toBeGreaterThan(5);
    const context = read('.dockerignore').match(/(?<=^!).+$/gm);
    for (const source of sources) expect(context).toContain(source);
  });
});

/** The file as Compose reads it: parsed, merged, and filled in from the environment. */
function compose(environment: Record<string, string>): { services: Record<string, Service> } {
  // YAML's merge key is not part of the default schema.
  return resolved(load(text), environment) as { services: Record<string, Service> };
}

function resolved(value: unknown, environment: Record<string, string>): unknown {
  if (typeof value === 'string') return substitute(value, environment);
  if (Array.isArray(value)) return value.map((item) => resolved(item, environment));
  if (typeof value !== 'object' || value === null) return value;
  const { '<<': base, ...own } = value as Record<string, unknown>;
  const entries = Object.entries({ ...(base as object | undefined), ...own });
  return Object.fromEntries(entries.map(([key, inner]) => [key, resolved(inner, environment)]));
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
function substitute(source: string, environment: Record<string, string>): string {
  return source.replace(
    /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, operator?: string, word = '') => {
      const value = environment[name] ?? '';
      if (value === '' && operator === '?') throw new Error(`${name} ${word}`);
      return value || word;
    },
  );
}
