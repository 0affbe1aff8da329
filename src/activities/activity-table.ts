/** The table of activities on each shard, for maintenance that has to name it. */
export const ACTIVITY_TABLE = 'activities';

/** The indexes that the product itself relies on; maintenance never drops them. */
export const ACTIVITY_INDEXES: readonly string[] = ['activities_pkey', 'activities_notification'];
