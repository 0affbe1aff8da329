export interface SettingsOptions {
  /** Stands in the title of each of its processes. */
  clusterName: string;
  port: number;
  /** False trades every promise about a crash for speed: for tests. */
  durable: boolean;
  /** By name, as in postgresql.conf; they win over ours. */
  overrides: Record<string, string>;
}

/** The settings of the embedded Postgres. */
export function postgresSettings({ clusterName, port, durable, overrides }: SettingsOptions) {
  return { ...base, ...(durable ? {} : volatile), ...overrides, ...network(port), cluster_name: clusterName };
}

/** Renders settings as a configuration file of Postgres. */
export function renderSettings(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `# Written anew at each start.\n${lines.join('\n')}\n`;
}

function network(port: number): Record<string, string> {
  return { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
}

const base: Record<string, string> = {
  max_connections: '200',
  shared_preload_libraries: 'pg_stat_statements',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  // Feed queries take well under a millisecond; compiling one takes longer than any could gain.
  jit: 'off',
  // A shard move copies partitions between databases by logical replication: one table at a time, so that the copy leaves
  // the other cores to those who read and write.
  wal_level: 'logical',
  max_worker_processes: '24',
  max_logical_replication_workers: '12',
  max_sync_workers_per_subscription: '1',
  max_replication_slots: '24',
  max_wal_senders: '24',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %d ',
  lc_messages: 'C',
};

const volatile: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};
