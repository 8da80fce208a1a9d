DROP INDEX CONCURRENTLY IF EXISTS ${schema}.users_settings_gin;
DROP INDEX CONCURRENTLY IF EXISTS ${schema}.users_metadata_gin;
