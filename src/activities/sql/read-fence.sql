SELECT closed, revision FROM activities_fence
