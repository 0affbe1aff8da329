SELECT drain_fence($1)
