SELECT id, requested_by AS "requestedBy" FROM index_builds WHERE state = 'running'
