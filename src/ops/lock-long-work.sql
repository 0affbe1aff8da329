LOCK TABLE index_builds, activity_repairs, shard_moves IN SHARE ROW EXCLUSIVE MODE
