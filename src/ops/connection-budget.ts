/** What the processes may take of a server's connections. */
export interface ConnectionBudget {
  /** The databases of this installation that lie on it. */
  databases: string[];
  /** Connections that the server allows. */
  allowed: number;
  /** Connections that are taken, by whomever. */
  taken: number;
  /** Connections that the pools of all processes may take. */
  pools: number;
  /** What one more process would add to that. */
  perProcess: number;
  /** What one more shard on this server would. */
  perShard: number;
}

/** What is known of a server. */
export interface KnownServer {
  allowed: number;
  taken: number;
  /** Whether the primary lies on it. */
  hasPrimary: boolean;
  /** Names of the shards that lie on it. */
  shards: string[];
}

export interface Pools {
  primaryPool: number;
  shardPool: number;
}

/**
 * Reckons what the pools may take of a server: each process opens up to a pool's size to each database.
 * @param processes those that are alive
 * @param next one that is to come, the largest of them
 */
export function connectionBudget(
  { allowed, taken, hasPrimary, shards }: KnownServer,
  processes: readonly Pools[],
  next: Pools,
): ConnectionBudget {
  const takenBy = ({ primaryPool, shardPool }: Pools) =>
    (hasPrimary ? primaryPool : 0) + shardPool * shards.length;
  return {
    databases: [...(hasPrimary ? ['primary'] : []), ...shards],
    allowed,
    taken,
    pools: sum(processes.map(takenBy)),
    perProcess: takenBy(next),
    perShard: sum(processes.map(({ shardPool }) => shardPool)),
  };
}

/** What an operator should know before the next process or shard; empty when there is room for either. */
export function budgetWarnings(budget: ConnectionBudget): string[] {
  const { databases, allowed, pools, perProcess, perShard } = budget;
  const server = `the server of ${databases.join(', ')}`;
  const remedy =
    'Raise max_connections, make the pools smaller, or put PgBouncer before it (docs/scaling.md).';
  if (pools > allowed)
    return [`The pools may take ${pools} connections to ${server}, which allows ${allowed}. ${remedy}`];
  const beyond = (what: string, more: number) =>
    pools + more > allowed
      ? [`${what} could take ${server} to ${pools + more} connections, and it allows ${allowed}. ${remedy}`]
      : [];
  return [...beyond('One more process', perProcess), ...beyond('One more shard there', perShard)];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
