-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'schema_changes lacks jobs 3' WHERE NOT EXISTS (SELECT FROM ${schema}.schema_changes WHERE module = 'jobs' AND version = 3)

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('jobs', 3, 'expanding');
