-- plinth:compatibility expanding
-- plinth:undo keeps-data
-- plinth:validate SELECT 'users has no index users_inactive_idx' WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = $n$${schema}.users$n$::regclass AND x.indisvalid AND c.relname = 'users_inactive_idx')

-- Every look-up of a key or session asks whether its user is deactivated. Few are: an index of those
-- alone is a page or two, answers most questions without touching a row of users, and is not written
-- by whoever creates or changes a user who is active.
CREATE INDEX users_inactive_idx ON ${schema}.users (id) WHERE NOT is_active;

INSERT INTO ${schema}.schema_changes (module, version, compatibility) VALUES ('core', 12, 'expanding');
