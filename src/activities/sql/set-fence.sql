-- Makes the fence what revision $3 of the gate says, unless it has heard of a later one.
UPDATE activities_fence SET closed = $1, key = $2, revision = $3 WHERE revision <= $3
