CREATE INDEX CONCURRENTLY users_settings_gin ON ${schema}.users USING gin (settings jsonb_path_ops);
CREATE INDEX CONCURRENTLY users_metadata_gin ON ${schema}.users USING gin (metadata jsonb_path_ops);
