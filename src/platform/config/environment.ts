import { plainToInstance, Transform } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsIP,
  ArrayNotEmpty,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
} from 'class-validator';

/** A setting that is missing, contradictory or malformed. The message names every faulty setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const List = () =>
  Transform(({ value }: { value: unknown }): unknown =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean)
      : value,
  );
const Whole = () =>
  Transform(({ value }: { value: unknown }): unknown =>
    /^-?\d+$/.test(String(value)) ? Number(value) : value,
  );
const Flag = () =>
  Transform(({ value }: { value: unknown }): unknown =>
    ['true', 'false'].includes(String(value)) ? String(value) === 'true' : value,
  );

const POSTGRES_URL = { protocols: ['postgres', 'postgresql'], require_tld: false, require_protocol: true };
/** A shard's number, and a URL. */
const NUMBERED_URL = /^\d{1,4}=postgres(ql)?:\/\/[^\s/]+\/\S+$/;
const REPLICAS_EXPECTED = 'each must be the number of a shard, =, and the Postgres URL of a replica of it';
const REDIS_URL = { protocols: ['redis', 'rediss'], require_tld: false, require_protocol: true };

/**
 * The process environment, read once and validated. Names are those of the environment; meanings, units and
 * defaults stand in the README's table, which a test holds against this class.
 */
export class Environment {
  @Whole() @IsInt() @Min(0) @Max(65535) PORT = 3000;
  @IsString() HOST = '0.0.0.0';
  @List() @IsArray() @ArrayNotEmpty() @IsIn(['http', 'worker'], { each: true }) ROLES: ('http' | 'worker')[] =
    ['http', 'worker'];

  @IsUrl(POSTGRES_URL) DATABASE_URL!: string;
  @List() @IsArray() @IsUrl(POSTGRES_URL, { each: true }) ACTIVITY_SHARD_URLS!: string[];
  @List() @IsArray() @IsUrl(POSTGRES_URL, { each: true }) ACTIVITY_SHARD_DIRECT_URLS: string[] = [];
  @List()
  @IsArray()
  @Matches(NUMBERED_URL, { each: true, message: REPLICAS_EXPECTED })
  ACTIVITY_REPLICA_URLS: string[] = [];
  @Whole() @IsInt() @Min(1) @Max(10_000) REPLICA_LAG_MS = 250;
  @IsUrl(REDIS_URL) REDIS_URL!: string;
  @IsOptional() @IsUrl(REDIS_URL) QUEUE_REDIS_URL?: string;
  @Matches(/^[A-Za-z0-9_.:-]*$/) REDIS_PREFIX = '';

  @Whole() @IsInt() @Min(2) @Max(500) DATABASE_POOL_SIZE = 20;
  @Whole() @IsInt() @Min(2) @Max(500) SHARD_POOL_SIZE = 20;
  @Whole() @IsInt() @Min(50) @Max(60_000) DATABASE_TIMEOUT_MS = 5_000;
  @Whole() @IsInt() @Min(50) @Max(60_000) POOL_TIMEOUT_MS = 2_000;
  @Flag() @IsBoolean() PREPARED_STATEMENTS = true;
  @Whole() @IsInt() @Min(50) @Max(60_000) REDIS_TIMEOUT_MS = 1_000;

  @MinLength(32) JWT_SECRET!: string;
  @Whole() @IsInt() @Min(5) @Max(86_400) ACCESS_TOKEN_SECONDS = 900;
  @Whole() @IsInt() @Min(60) @Max(31_536_000) REFRESH_TOKEN_SECONDS = 2_592_000;
  @Whole() @IsInt() @Min(1) LOGIN_ATTEMPTS = 10;
  @Whole() @IsInt() @Min(1) LOGIN_WINDOW_SECONDS = 900;
  @Whole() @IsInt() @Min(1) SIGNUPS_PER_HOUR = 60;
  @Whole() @IsInt() @Min(1) RATE_LIMIT_PER_MINUTE = 1_200;
  @IsOptional() @IsString() AUTO_FOLLOW?: string;
  @Whole() @IsInt() @Min(1) @Max(50_000) MOST_FOLLOWS = 10_000;
  @Whole() @IsInt() @Min(0) @Max(10_000) AUDIT_USERS_PER_SECOND = 20;

  @Whole() @IsInt() @Min(1_024) @Max(10_485_760) BODY_LIMIT_BYTES = 131_072;
  @Whole() @IsInt() @Min(100) @Max(120_000) REQUEST_TIMEOUT_MS = 10_000;
  @List() @IsArray() @IsIP(undefined, { each: true }) TRUST_PROXY: string[] = [];
  @List() @IsArray() @IsString({ each: true }) CORS_ORIGINS: string[] = [];
  @IsOptional() @IsUrl({ require_tld: false, require_protocol: true }) PUBLIC_URL?: string;
  @IsOptional() @MinLength(16) METRICS_TOKEN?: string;
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) LOG_LEVEL = 'info';

  @Whole() @IsInt() @Min(10) @Max(50_000) FANOUT_CHUNK_SIZE = 5_000;
  @Whole() @IsInt() @Min(1) @Max(64) FANOUT_CONCURRENCY = 4;
  @Whole() @IsInt() @Min(0) @Max(1_000) BACKFILL_POSTS = 50;
  @Whole() @IsInt() @Min(2) @Max(1_000_000_000) PULL_AUDIENCE = 250_000;
  @Whole() @IsInt() @Min(60) @Max(315_360_000) DORMANT_AFTER_SECONDS = 2_592_000;
  @Whole() @IsInt() @Min(0) @Max(1_000_000) STREAMS_PER_PROCESS = 5_000;
  @Whole() @IsInt() @Min(1) @Max(1_000) STREAMS_PER_USER = 8;
  @Whole() @IsInt() @Min(100) @Max(60_000) OUTBOX_SWEEP_MS = 500;
  @Whole() @IsInt() @Min(500) @Max(600_000) OUTBOX_LEASE_MS = 15_000;
  @Whole() @IsInt() @Min(1) @Max(1_000_000) QUEUE_DEPTH = 10_000;

  @IsString() SLUICE_DATA_DIR = '.data';
  @IsOptional() @MinLength(8) SLUICE_ADMIN_PASSWORD?: string;
}

/**
 * Reads and validates the environment.
 * @param source name → text, normally `process.env`; names that are not settings are ignored, an empty text counts as unset.
 * @throws ConfigError naming each faulty setting and what was expected of it. Values are never part of the message.
 */
export function readEnvironment(source: Record<string, string | undefined>): Environment {
  const given = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const environment = plainToInstance(Environment, given, { exposeDefaultValues: true });
  const faults = validateSync(environment, { skipMissingProperties: false });
  if (faults.length > 0) {
    const lines = faults.map(
      (fault) =>
        `  ${fault.property}${given[fault.property] === undefined ? ' is not set' : ''}: ${Object.values(fault.constraints ?? {}).join('; ')}`,
    );
    throw new ConfigError(`The configuration is not usable:\n${lines.join('\n')}`);
  }
  return environment;
}
