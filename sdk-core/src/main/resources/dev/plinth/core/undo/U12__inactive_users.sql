DROP INDEX ${schema}.users_inactive_idx;
